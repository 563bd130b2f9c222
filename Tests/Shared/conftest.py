"""Fixtures of the tests of several machines: engines, and programs that share one."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from support.certificates import Authority
from support.engines import engines
from support.machines import ENGINES, WRONG, Engines, Machines, Refusal, Start
from support.postgresql_server import PostgreSQL
from support.program import ROOT, clean_environment, serve_command, write_settings
from support.redis_server import Redis


# Where files are in memory on Linux (shm_overview(7)), and the room that these tests may take there.
MEMORY = Path("/dev/shm")
ROOM = 4 << 30


@pytest.fixture(scope="package", autouse=True)
def folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Has the folders of servers and engines in memory, where there is room.

    No power is lost here, so what was written outlives whatever ends a server; and a disk that is
    slow for a moment is no fault of an engine that was meant.
    """
    tmp_path_factory.getbasetemp()  # It stays after the tests, and so where it is.
    with pytest.MonkeyPatch.context() as patch:
        if MEMORY.is_dir() and os.access(MEMORY, os.W_OK | os.X_OK):
            state = os.statvfs(MEMORY)
            if state.f_bavail * state.f_frsize >= ROOM:
                patch.setattr(tempfile, "tempdir", str(MEMORY))
        yield


@pytest.fixture(scope="package", autouse=True)
def program(folders: None) -> Iterator[None]:
    """The program that knows the engines, which is not that of the default build."""
    with pytest.MonkeyPatch.context() as patch:
        if not os.environ.get("COATCHECK_BINARY"):
            patch.setenv("COATCHECK_BINARY", str(ROOT / ".build-shared/release/coatcheck"))
        yield


@pytest.fixture(scope="package")
def servers(folders: None, tools: None) -> Iterator[Engines]:
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


@pytest.fixture(scope="package")
def encrypted(folders: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engines]:
    """Engines that speak TLS."""
    authority = Authority(tmp_path_factory.mktemp("authority"))
    with PostgreSQL(tls=authority) as postgresql, Redis(tls=authority) as redis:
        yield Engines(postgresql, redis)


@pytest.fixture
def refusal(tmp_path: Path, servers: Engines) -> Refusal:
    """Starts a program that must refuse, end by itself and show no password."""

    def start(settings: Mapping[str, object]) -> str:
        file = tmp_path / "settings.yaml"
        write_settings(file, {"socket.path": str(tmp_path / "socket")} | dict(settings))
        result = subprocess.run(
            serve_command(file),
            capture_output=True,
            text=True,
            timeout=30,
            env=clean_environment(),
        )
        said = result.stdout + result.stderr
        assert result.returncode > 0, f"status {result.returncode}: {said}"
        assert "Fatal error" not in said and "Backtrace" not in said, said
        for secret in (*servers.secrets, WRONG):
            assert secret not in said, "a password is shown"
        assert not (tmp_path / "socket").exists()
        return said

    return start


@pytest.fixture
def database(servers: Engines) -> str:
    """The address of an empty database."""
    return servers.postgresql.url(servers.postgresql.new_database())
