"""Restarts of every kind while people check and log in: what they notice of it."""

from __future__ import annotations

import os
import select
import signal
import statistics
import time
from pathlib import Path

from support.machine import Machine
from support.machine_site import MachineSite
from support.versions import later
from support.visitors import VISITORS, Visitors, visitors
from support.waiting import wait_until

TIMES = 5
# Within this time after kill -9 it answers again, in seconds.
BACK_WITHIN = 0.25


def assert_nothing_lost(load: Visitors, action: str, allowed: int = 0) -> None:
    """At most `allowed` requests failed, and what was acknowledged holds."""
    lost = load.lost()
    print(f"\n{action}: {len(load.visits)} requests, {len(load.faults)} failed, "
          f"longest {load.longest * 1000:.0f} ms; {len(load.live)} sessions begun, "
          f"{len(load.ended)} ended, {len(lost)} lost")
    assert len(load.faults) <= allowed, "\n".join([*load.faults, load.journal()])
    assert not lost


def test_restarts_are_noticed_by_nobody(site: MachineSite, machine: Machine) -> None:
    """`systemctl restart` lets running requests end; the next wait for the new process."""
    with visitors(site) as load:
        for _ in range(TIMES):
            machine.run("systemctl", "restart", "coatcheck")
            load.go_on()
    assert_nothing_lost(load, f"systemctl restart x {TIMES}")


def test_sigterm_is_noticed_by_nobody(site: MachineSite, machine: Machine) -> None:
    """Whoever asks it to end: it does so in order, and systemd starts it again."""
    with visitors(site) as load:
        for _ in range(TIMES):
            process = machine.main_process
            os.kill(machine.outside(process), signal.SIGTERM)
            wait_until(lambda: machine.main_process not in (0, process), "a new process")
            load.go_on()
    assert_nothing_lost(load, f"SIGTERM x {TIMES}")


def test_reloads_are_noticed_by_nobody(site: MachineSite, machine: Machine) -> None:
    """`systemctl reload` while people are served."""
    process = machine.main_process
    with visitors(site) as load:
        for _ in range(TIMES):
            machine.run("systemctl", "reload", "coatcheck")
            load.go_on()
    assert machine.main_process == process
    assert_nothing_lost(load, f"systemctl reload x {TIMES}")


def test_upgrades_are_noticed_by_nobody(
    site: MachineSite, machine: Machine, package: Path, tmp_path: Path
) -> None:
    """The package in a higher version, again and again, by apt-get."""
    versions = later(package, tmp_path, 3)
    with visitors(site) as load:
        for version in versions:
            process = machine.main_process
            machine.install(version)
            assert machine.main_process not in (0, process)
            load.go_on()
    assert_nothing_lost(load, f"upgrade x {len(versions)}")


def kill(pid: int) -> tuple[float, float]:
    """Kills a process of this machine; when that was asked for, and when it was gone."""
    process = os.pidfd_open(pid)
    try:
        began = time.monotonic()
        os.kill(pid, signal.SIGKILL)
        ended, _, _ = select.select([process], [], [], 10)
        assert ended, "a process that was killed is still there"
        return began, time.monotonic()
    finally:
        os.close(process)


def test_kill_9_fails_no_more_than_what_was_in_flight(
    site: MachineSite, machine: Machine
) -> None:
    """The worst end of a process: systemd starts the next, which finds everything."""
    gaps: list[float] = []
    os.sync()  # What other tests have written is not to be waited for.
    with visitors(site) as load:
        for _ in range(TIMES):
            began, gone = kill(machine.outside(machine.main_process))
            gaps.append(load.first_after(gone) - began)
            load.go_on()
    assert_nothing_lost(load, f"kill -9 x {TIMES}", allowed=VISITORS * TIMES)
    print("answers again after", ", ".join(f"{gap * 1000:.0f}" for gap in gaps), "ms")
    assert statistics.median(gaps) <= BACK_WITHIN
