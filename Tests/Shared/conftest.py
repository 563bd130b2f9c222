"""Fixtures of the tests of several machines: engines, and programs that share one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from support.engines import engines
from support.machines import ENGINES, Engines, Machines, Start
from support.program import ROOT


@pytest.fixture(scope="package", autouse=True)
def program() -> Iterator[None]:
    """The program that knows the engines, which is not that of the default build."""
    with pytest.MonkeyPatch.context() as patch:
        if not os.environ.get("COATCHECK_BINARY"):
            patch.setenv("COATCHECK_BINARY", str(ROOT / ".build-shared/release/coatcheck"))
        yield


@pytest.fixture(scope="package")
def servers(tools: None) -> Iterator[Engines]:
    """One PostgreSQL and one Redis for all tests that do nothing to them."""
    with engines() as (postgresql, redis):
        yield Engines(postgresql, redis)


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """Where the sessions are; the accounts are in PostgreSQL always."""
    return str(request.param)


@pytest.fixture
def machines(servers: Engines, tools: None) -> Iterator[Start]:
    """Starts machines on one engine: `machines("redis", n=3)`; more is that of `Deployment`."""
    with ExitStack() as stack:

        def start(
            engine: str, n: int = 2, settings: dict[str, object] | None = None, **more: Any
        ) -> Machines:
            shared = servers.settings(engine) | (settings or {})
            return Machines.start(stack, shared, servers.secrets, n, **more)

        yield start


@pytest.fixture
def pair(machines: Start, engine: str) -> Machines:
    """Two machines on each of the engines in turn."""
    return machines(engine)
