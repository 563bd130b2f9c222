"""The service under systemd when something is wrong: settings, a process that hangs."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.machine import Machine
from support.machine_site import GUARDED, MachineSite
from support.waiting import wait_until

# EX_CONFIG of sysexits.h.
WRONG_SETTINGS = "78"
STARTING = "Starting coatcheck.service"


@pytest.fixture
def wrong_settings(site: MachineSite, machine: Machine) -> Iterator[None]:
    """Settings with a key that does not exist; the good ones come back."""
    site.settings["no.such.key"] = 1
    site.write_settings()
    yield
    mend(site)
    machine.run("systemctl", "restart", "coatcheck")


def mend(site: MachineSite) -> None:
    """Takes the wrong key out again."""
    site.settings.pop("no.such.key", None)
    site.write_settings()


def starts(machine: Machine) -> int:
    """How often systemd has started the service."""
    return machine.journal("-u", "coatcheck.service").count(STARTING)


def test_a_restart_with_wrong_settings_fails_and_says_why(
    site: MachineSite, machine: Machine, wrong_settings: None
) -> None:
    """The command fails, the service counts as failed, and the log names the key."""
    assert machine.try_to("systemctl", "restart", "coatcheck").returncode == 1
    assert machine.shown("ExecMainStatus") == WRONG_SETTINGS
    assert "coatcheck.service" in machine.run("systemctl", "--failed").stdout
    assert machine.shown("ActiveState", "coatcheck.socket") == "active"
    assert "no.such.key" in machine.journal("-u", "coatcheck.service", "--lines=20")
    # Nobody asks, so nothing is tried again.
    before = starts(machine)
    machine.run("systemctl", "is-failed", "coatcheck")
    assert starts(machine) == before


def test_a_request_waits_for_settings_that_are_mended(
    site: MachineSite, machine: Machine, wrong_settings: None
) -> None:
    """It has the service tried again once a second, not as fast as it can, and is then served."""
    machine.try_to("systemctl", "restart", "coatcheck")
    before, began = starts(machine), time.monotonic()
    with ThreadPoolExecutor(1) as pool:
        request = pool.submit(site.send, "GET", "/wiki/")
        wait_until(lambda: starts(machine) >= before + 3, "three tries", interval=0.2)
        assert time.monotonic() - began >= 2
        assert starts(machine) - before <= 1 + (time.monotonic() - began)
        assert not request.done()
        mend(site)
        assert request.result(30).status == 401
    assert machine.shown("ActiveState") == "active"


def test_a_reload_with_wrong_settings_keeps_the_old_ones(
    site: MachineSite, machine: Machine, wrong_settings: None
) -> None:
    """The service goes on as it was."""
    process = machine.main_process
    machine.run("systemctl", "reload", "coatcheck")
    wait_until(lambda: "sys_settings_refused" in machine.journal("-u", "coatcheck"), "an event")
    assert site.is_ready()
    assert machine.main_process == process


@pytest.fixture
def short_watchdog(site: MachineSite, machine: Machine) -> Iterator[None]:
    """A watchdog that waits for 2 s, by a file as `systemctl edit` makes it."""
    edit = machine.files / "etc/systemd/system/coatcheck.service.d/override.conf"
    edit.parent.mkdir()
    edit.write_text("[Service]\nWatchdogSec=2\n")
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "restart", "coatcheck")
    yield
    edit.unlink()
    edit.parent.rmdir()
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "restart", "coatcheck")


def test_a_process_that_hangs_is_replaced(
    site: MachineSite, machine: Machine, short_watchdog: None
) -> None:
    """The watchdog notices, and whoever was logged in is so with the next one."""
    assert machine.shown("WatchdogUSec") == "2s"
    told = machine.shown("WatchdogTimestampMonotonic")
    wait_until(lambda: machine.shown("WatchdogTimestampMonotonic") != told, "a sign of life")
    person = site.person()
    process = machine.main_process
    os.kill(machine.outside(process), signal.SIGSTOP)
    wait_until(lambda: machine.main_process not in (0, process), "a new process", timeout=30)
    assert person.client.get("/wiki/").text == GUARDED
    assert "Watchdog timeout" in machine.journal("-u", "coatcheck.service")


def test_the_service_has_a_watchdog(machine: Machine) -> None:
    """Without anybody's edit."""
    assert machine.shown("WatchdogUSec") == "45s"


def test_a_stop_of_both_units_ends_it_and_the_site_is_closed(
    site: MachineSite, machine: Machine
) -> None:
    """Then nothing starts it again, and nginx lets nobody in."""
    person = site.person()
    machine.run("systemctl", "stop", "coatcheck.socket", "coatcheck.service")
    answer = person.client.get("/wiki/")
    assert answer.status == 500 and GUARDED not in answer.text
    assert site.send("GET", "/me").status == 503
    assert machine.main_process == 0
    machine.run("systemctl", "start", "coatcheck")
    assert person.client.get("/wiki/").text == GUARDED
