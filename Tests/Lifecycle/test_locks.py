"""Another process holds the database's lock: for long under load, and while the program starts."""

from __future__ import annotations

import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from support.clock import let_pass
from support.deployment import Deploy, Deployment
from support.faults import Load, Watch
from support.locking import locked
from support.powerloss.older import make_first_version
from support.program import Process, clean_environment, serve_command
from support.waiting import wait_until

# The program waits so long for a lock (SQLiteStorage), in seconds.
PATIENCE = 2


def test_a_lock_that_is_held_for_long_under_load(deploy: Deploy) -> None:
    site = deploy(login_burst=10_000)
    watch = Watch(site)
    with Load(site) as load:
        load.wait_for_work()
        with ExitStack() as lock:
            # Who waits for a lock looks now and then: beside a server that always writes on a slow
            # disk it would not get it.
            with load.held():
                lock.enter_context(locked(site.database))
            load.wait_for_refusals()
            watch.expect("storage_failed", code="locked")
            assert site.send("GET", "/health/ready").status == 503
            assert site.send("GET", "/health/live").status == 200
        load.wait_for_work()
    assert site.send("GET", "/health/ready").status == 200
    load.verify()


def test_a_start_that_must_write_while_another_process_has_the_lock_fails_and_says_so(
    deploy: Deploy, tmp_path: Path
) -> None:
    """The tables are those of an older version."""
    site = deploy(with_gateway=False)
    assert site.process.stop() == 0
    make_first_version(tmp_path / "old.db", site.database)
    shutil.copy(tmp_path / "old.db", site.database)
    with locked(site.database):
        start = time.monotonic()
        result = subprocess.run(
            serve_command(site.settings_file),
            **{"capture_output": True, "text": True, "timeout": 30, "env": clean_environment()},
        )
        assert PATIENCE - 0.5 < time.monotonic() - start < PATIENCE * 5
    assert result.returncode == 1
    assert "locked" in result.stderr and str(site.database) in result.stderr
    site.start()


def stop(site: Deployment) -> None:
    assert site.process.stop() == 0


@pytest.mark.parametrize("end", [stop, Deployment.kill])
def test_a_start_answers_checks_while_another_process_has_the_lock(
    deploy: Deploy, end: Callable[[Deployment], object]
) -> None:
    """After a kill there is a log, and after a polite stop there is none."""
    site = deploy()
    person = site.person()
    end(site)
    with locked(site.database):
        process = Process(serve_command(site.settings_file), site.folder / "second.log")
        try:
            wait_until(lambda: site.send("GET", "/health/live").status == 200, "the program")
            assert person.client.get("/dashboard").status == 200
            assert person.client.request("POST", "/logout").status == 503
            assert site.send("GET", "/health/ready").status == 503
        finally:
            process.kill_group()
    site.start()
    assert person.client.request("POST", "/logout").status == 204


def test_a_start_waits_for_a_lock_that_is_held_briefly(deploy: Deploy) -> None:
    site = deploy(with_gateway=False)
    site.kill()
    starter = threading.Thread(target=site.start)
    with locked(site.database):
        starter.start()
        let_pass(PATIENCE / 4)
    starter.join(20)
    assert site.process.is_running
