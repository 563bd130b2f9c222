"""No file descriptors left: accepting fails for a while, and the program lives through it."""

from __future__ import annotations

import errno
import os
import resource
from pathlib import Path

from support import fastcgi
from support.checks import assert_refused
from support.clock import let_pass
from support.deployment import Deploy
from support.faults import Load, Watch
from support.program import is_ready
from support.waiting import wait_until


def highest_descriptor(pid: int) -> int:
    """The number of the highest open descriptor."""
    return max(int(name) for name in os.listdir(f"/proc/{pid}/fd"))


def processor_seconds(pid: int) -> float:
    """The processor time that a process has used (proc(5), fields 14 and 15 of stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_running_out_of_descriptors_is_survived(deploy: Deploy) -> None:
    """EMFILE ends no worker, and takes no processor: they wait and try again."""
    deployment = deploy()
    person = deployment.person()
    pid = deployment.process.pid
    # Room for a handful of connections beyond what is open now.
    limit = highest_descriptor(pid) + 6
    old = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (limit, old[1]))
    crowd = [fastcgi.Connection(deployment.socket) for _ in range(60)]
    try:
        for connection in crowd:
            connection.send(fastcgi.begin())
        wait_until(
            lambda: len(os.listdir(f"/proc/{pid}/fd")) >= limit - 2, "the descriptors to run out"
        )
        before = processor_seconds(pid)
        let_pass(1)
        assert processor_seconds(pid) - before < 0.3, "the program spins"
        assert deployment.process.is_running
    finally:
        for connection in crowd:
            connection.socket.close()
    wait_until(lambda: is_ready(deployment.socket), "the program to serve again", timeout=20)
    assert person.client.get("/me").status == 200
    assert person.client.request("POST", "/logout").status == 204
    assert_refused(person.client.get("/me"))
    assert deployment.process.pid == pid


def test_running_out_of_descriptors_under_load_loses_nothing(deploy: Deploy) -> None:
    """SQLite has all its files open by then; connections wait, and events and metrics say so."""
    site = deploy(login_burst=10_000)
    pid, watch = site.process.pid, Watch(site)
    with Load(site) as load:
        load.wait_for_work()
        old = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (highest_descriptor(pid) + 6, old[1]))
        crowd = [fastcgi.Connection(site.socket) for _ in range(60)]
        try:
            for connection in crowd:
                connection.send(fastcgi.begin())
            wait_until(lambda: b"accept_failed" in site.log.read_bytes(), "the event", timeout=20)
        finally:
            for connection in crowd:
                connection.socket.close()
            resource.prlimit(pid, resource.RLIMIT_NOFILE, old)
        load.wait_for_work()
    watch.expect("accept_failed", errno=str(errno.EMFILE))
    load.verify()


def test_a_busy_day_leaks_no_descriptors(deploy: Deploy) -> None:
    deployment = deploy()
    person = deployment.person()
    headers = {"Cookie": person.client.ticket_cookie}

    def hundred() -> int:
        for _ in range(100):
            assert deployment.send("GET", "/me", headers=headers).status == 200
        return len(os.listdir(f"/proc/{deployment.process.pid}/fd"))

    hundred()
    first = hundred()
    # A connection that is being closed may still be counted.
    assert wait_until(lambda: hundred() <= first + 2, "no more descriptors than before")
