"""Fixtures of the tests that run a whole Coatcheck.

Whatever a test needs and does not find is a failure, never a skip, in CI and elsewhere.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from support.deployment import Deploy, Deployment, Person

# Where nginx lives, for people whose PATH leaves these folders out.
os.environ["PATH"] = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def pytest_sessionstart() -> None:
    """Has what was built and downloaded written, so that no test waits for that at its commits."""
    os.sync()


@pytest.fixture(scope="session")
def tools() -> None:
    """The programs that every test here uses."""
    missing = [name for name in ("nginx", "curl", "openssl") if shutil.which(name) is None]
    assert not missing, f"needed and not found: {', '.join(missing)}"


@pytest.fixture(scope="session")
def site(tools: None) -> Iterator[Deployment]:
    """One Coatcheck with the usual settings, shared by tests that leave others alone."""
    with Deployment() as deployment:
        yield deployment


@pytest.fixture
def deploy(tools: None) -> Iterator[Deploy]:
    """Starts a Coatcheck for one test: `deploy({"session.idle": "2s"}, mount="/auth")`."""
    with ExitStack() as stack:

        def start(settings: dict[str, Any] | None = None, **more: Any) -> Deployment:
            return stack.enter_context(Deployment(settings, **more))

        yield start


@pytest.fixture
def person(site: Deployment) -> Person:
    """Somebody who has just signed up at the shared site and is logged in there."""
    return site.person()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Turns skips into failures, and shows what the program wrote when a test fails."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped:
        report.outcome = "failed"
        report.longrepr = f"skipped, which counts as a failure: {report.longrepr}"
    if report.failed and call.when == "call" and Deployment.running:
        # The newest is the test's own where it has one.
        report.sections.append(("the program's log", Deployment.running[-1].process.tail()))
