"""The system gives no threads while the program starts: it says so and ends, or waits for them."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from support.deployment import Deploy, Deployment
from support.faulty import Switches
from support.names import new_name
from support.program import Process, clean_environment, is_ready, serve_command
from support.waiting import wait_until


@pytest.fixture
def switches(tmp_path: Path) -> Switches:
    """The switch by which threads are had or not."""
    return Switches(tmp_path)


@pytest.fixture
def site(switches: Switches, deploy: Deploy) -> Deployment:
    """A site whose own process has ended."""
    site = deploy(environment=switches.environment)
    assert site.process.stop() == 0
    return site


def start(site: Deployment) -> Process:
    """Starts the program, whatever becomes of it."""
    environment = clean_environment(**site.environment)
    return Process(serve_command(site.settings_file), site.folder / "second.log", environment)


@pytest.mark.parametrize(
    ("spared", "words"),
    # The twenty-first is one of the workers, whichever of the runtime's threads came before.
    [
        (0, "cannot start a hashing thread"),
        (20, "pthread_create: Resource temporarily unavailable"),
    ],
)
def test_without_threads_for_its_work_it_ends_and_says_why(
    site: Deployment, switches: Switches, spared: int, words: str
) -> None:
    with switches.failing("threading", number=errno.EAGAIN, spared=spared):
        process = start(site)
        assert process.wait() != 0
    assert words in process.tail()
    # Nothing of it is in the way of the next one.
    site.start()
    assert site.person().client.get("/me").status == 200


@pytest.mark.parametrize("spared", [2, 3])
def test_without_threads_for_the_timers_it_waits_for_them(
    site: Deployment, switches: Switches, spared: int
) -> None:
    """Those of the Swift runtime, which tries again each second. nginx answers meanwhile: closed."""
    with switches.failing("threading", number=errno.EAGAIN, spared=spared):
        process = start(site)
        wait_until(lambda: switches.failed("threading") > 0, "a thread to be refused")
        assert not is_ready(site.socket) and process.is_running
    try:
        wait_until(lambda: is_ready(site.socket), "the program to become ready", timeout=20)
        assert site.client().sign_up(new_name(), site.secrets.password()).status == 201
    finally:
        assert process.stop() == 0
