"""A disk that is full or does not take writes, while people sign up, log in and log out.

Promise 4: refused with 503, closed behind auth_request, and well again by itself; what was
confirmed is there afterwards, also after kill -9.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.checks import assert_problem
from support.deployment import Deploy, Deployment
from support.disk import Disk, small_disk
from support.faults import Load, Watch, assert_closed
from support.names import new_name
from support.program import clean_environment, serve_command, write_settings
from support.waiting import wait_until


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """A small disk for the database; it goes after the program that the test deploys on it."""
    with small_disk(tmp_path) as disk:
        yield disk


@pytest.fixture
def site(disk: Disk, deploy: Deploy) -> Deployment:
    """A site whose database, and nothing else, is on the disk."""
    return deploy({"storage.path": str(disk.folder / "coatcheck.db")}, login_burst=10_000)


def files(disk: Disk) -> list[Path]:
    """The files of the database."""
    return [disk.folder / f"coatcheck.db{end}" for end in ("", "-wal")]


def start_in_vain(settings: Path) -> str:
    """Starts a program that should refuse; what it says."""
    result = subprocess.run(
        serve_command(settings), capture_output=True, text=True, timeout=30, env=clean_environment()
    )
    assert result.returncode not in (0, None) and result.returncode > 0, result
    return result.stderr


def test_a_disk_that_fills_up_under_load(site: Deployment, disk: Disk) -> None:
    watch = Watch(site)
    reader = site.person()
    with Load(site) as load:
        load.wait_for_work()
        with disk.filled():
            load.wait_for_refusals(30)
            assert disk.is_full
            watch.expect("storage_failed", code="full")
            assert_problem(
                site.client().sign_up(new_name(), site.secrets.password()),
                503,
                "storage-unavailable",
            )
            # Reading needs no room.
            assert reader.client.get("/me").status == 200
            assert site.send("GET", "/health/ready").status == 503
            assert site.send("GET", "/health/live").status == 200
        load.wait_for_work()
    wait_until(lambda: site.send("GET", "/health/ready").status == 200, "readiness")
    assert reader.client.get("/me").status == 200
    load.verify()


def test_files_that_take_no_writes_under_load(site: Deployment, disk: Disk) -> None:
    """The immutable flag of ext4 stops writes to files that are open, as a failing disk does."""
    watch = Watch(site)
    with Load(site) as load:
        load.wait_for_work()
        with disk.immutable(*files(disk)):
            load.wait_for_refusals(30)
            watch.expect("storage_failed", code="io")
            assert site.send("GET", "/health/ready").status == 503
        load.wait_for_work()
    load.verify()


def test_a_disk_that_the_system_makes_read_only_under_load(site: Deployment, disk: Disk) -> None:
    """What ext4 does when the device fails: it needs a new mount, and then a start.

    No write is under way at that moment: ext4 itself may lose one then whose fdatasync(2) it has
    just answered with success, as it does for any program.
    """
    watch = Watch(site)
    with Load(site) as load:
        load.wait_for_work()
        with load.held():
            disk.remount("abort")
        load.wait_for_refusals(30)
        watch.expect("storage_failed")
        assert site.send("GET", "/health/ready").status == 503
        site.kill()
        assert_closed(site, next(iter(load.ledger.live)))
        disk.unmount()
        disk.mount()
        site.start()
        load.wait_for_work()
    load.verify()


def test_a_start_on_a_read_only_disk_is_refused_and_says_why(site: Deployment, disk: Disk) -> None:
    person = site.person()
    site.kill()
    disk.remount("ro")
    assert "read-only" in start_in_vain(site.settings_file)
    assert_closed(site, person.client.ticket_cookie)
    disk.remount("rw")
    site.start()
    assert person.client.get("/me").status == 200


def test_a_first_start_on_a_full_disk_leaves_nothing_half_made(
    site: Deployment, disk: Disk
) -> None:
    place = disk.folder / "other.db"
    settings = site.folder / "other.yaml"
    write_settings(
        settings, site.settings | {"storage.path": str(place), "socket.path": f"{site.folder}/o"}
    )
    with disk.filled():
        assert "full" in start_in_vain(settings)
    # The empty file that may be there is a fresh database to the next start.
    site.settings |= {"storage.path": str(place)}
    site.rewrite_settings()
    site.restart()
    assert site.person().client.get("/me").status == 200


def test_a_start_on_a_full_disk_serves_what_is_there(site: Deployment, disk: Disk) -> None:
    """After kill -9 too; who was logged in stays so, and what would write is 503."""
    person = site.person()
    site.kill()
    with disk.filled():
        output = site.folder / "start.log"
        with output.open("wb") as log:
            process = subprocess.Popen(
                serve_command(site.settings_file),
                **{"stdout": log, "stderr": log, "env": clean_environment()},
            )
        try:
            wait_until(lambda: site.send("GET", "/health/live").status == 200, "the program")
            assert person.client.get("/me").status == 200
            assert person.client.request("POST", "/logout").status == 503
            assert person.client.get("/me").status == 200
        finally:
            process.kill()
            process.wait()
    site.start()
    assert person.client.request("POST", "/logout").status == 204


def test_a_log_on_a_full_disk_holds_nobody_up_and_says_what_is_missing(
    site: Deployment, disk: Disk
) -> None:
    """Here only the log is on the disk."""
    assert site.process.stop() == 0
    site.settings |= {"storage.path": str(site.database)}
    site.rewrite_settings()
    site.log = disk.folder / "coatcheck.log"
    site.start()
    person = site.person()
    with disk.filled():
        for _ in range(60):
            assert site.client().log_in(person.name, person.password).status == 200
    assert site.client().log_in(person.name, person.password).status == 200
    wait_until(lambda: "dropped_before=" in site.log.read_text(), "the lines that are missing")
