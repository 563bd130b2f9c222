"""nginx that dies, stands still and comes back, and peers that hold workers or come in crowds."""

from __future__ import annotations

import fcntl
import os
import signal
import sqlite3
import sys
import termios
import time
from pathlib import Path

from support import fastcgi
from support.deployment import Deploy, Deployment
from support.fastcgi import PARAMS, STDIN, begin, check, encode, record, route, stream
from support.faults import Load
from support.waiting import wait_until

# A peer that sends or reads nothing for so long is given up (Connection.patience).
PATIENCE = 10
WORKERS = 4
KILLS = 5


def descriptors(site: Deployment) -> int:
    """How many the program has open."""
    return len(os.listdir(f"/proc/{site.process.pid}/fd"))


def test_an_nginx_that_is_killed_and_comes_back_finds_everything(deploy: Deploy) -> None:
    """Its kept connections are gone without a word each time."""
    site = deploy(login_burst=10_000)
    pid, before = site.process.pid, descriptors(site)
    with Load(site) as load:
        for _ in range(KILLS):
            load.wait_for_work()
            assert site.gateway is not None and site.gateway.kill_group()
            load.wait_for_refusals()
            site.gateway.start()
        load.wait_for_work()
    # Nothing of the dead ones is left: what nginx keeps now is what it kept at first.
    wait_until(lambda: descriptors(site) <= before + 16, "the connections to be closed")
    assert site.process.pid == pid and site.process.is_running
    load.verify()


def test_an_nginx_that_stands_still_holds_nobody_else_up(deploy: Deploy) -> None:
    site = deploy(login_burst=10_000)
    cookie = site.person().client.ticket_cookie
    with Load(site) as load:
        load.wait_for_work()
        assert site.gateway is not None
        site.gateway.signal_group(signal.SIGSTOP)
        try:
            for _ in range(50):
                start = time.monotonic()
                assert site.ask(check("user", cookie)).status == 204
                assert time.monotonic() - start < 2
        finally:
            site.gateway.signal_group(signal.SIGCONT)
        load.wait_for_work()
    load.verify()


def half(site: Deployment) -> fastcgi.Connection:
    """A peer that says half of what it has to say, and then nothing."""
    connection = fastcgi.Connection(site.socket, timeout=60)
    parameters = encode(route("POST", "/api/signup", b"x" * 50))
    connection.send(begin() + stream(PARAMS, parameters) + record(STDIN, b"x" * 9))
    return connection


def test_workers_that_are_all_held_by_stuck_peers_come_free_in_time(deploy: Deploy) -> None:
    """Until then a check waits; nginx, which waits for 15 s, gets its answer from the same worker."""
    site = deploy({"workers": WORKERS})
    person = site.person()
    held = [half(site) for _ in range(WORKERS)]
    start = time.monotonic()
    assert person.client.get("/dashboard").status == 200
    assert time.monotonic() - start < PATIENCE + 3, "longer than a stuck peer may take"
    for connection in held:
        # Each was told that its request is bad, or hung up on.
        assert b"Status: 200" not in connection.receive()
        connection.socket.close()
    start = time.monotonic()
    assert person.client.get("/dashboard").status == 200
    assert time.monotonic() - start < PATIENCE / 2


def test_one_free_worker_is_enough_for_checks(deploy: Deploy) -> None:
    site = deploy({"workers": WORKERS})
    person = site.person()
    cookie = person.client.ticket_cookie
    held = [half(site) for _ in range(WORKERS - 1)]
    for _ in range(100):
        start = time.monotonic()
        assert site.ask(check("user", cookie)).status == 204
        assert time.monotonic() - start < PATIENCE / 2
    assert site.send("GET", "/health/live").status == 200
    for connection in held:
        connection.socket.close()


def test_somebody_who_does_not_read_a_large_answer_holds_one_worker_and_not_for_long(
    deploy: Deploy,
) -> None:
    site = deploy({"workers": WORKERS})
    person = site.person()
    write_trail(site.database, person.client.get("/me").json()["id"])
    cookie = person.client.ticket_cookie
    ask = route("GET", "/account/data", HTTP_COOKIE=cookie)
    octets = begin() + stream(PARAMS, encode(ask)) + record(STDIN)
    answer = fastcgi.exchange(site.socket, octets)
    assert len(answer) > 1 << 19, "the answer fits into the socket's buffer and proves nothing"
    before = descriptors(site)
    slow = [fastcgi.Connection(site.socket, timeout=60) for _ in range(WORKERS - 1)]
    for connection in slow:
        connection.send(octets)
    wait_until(lambda: all(unread(connection) > 1 << 16 for connection in slow), "full buffers")
    for _ in range(100):
        assert site.ask(check("user", cookie)).status == 204
    wait_until(lambda: descriptors(site) <= before, "the program to hang up", timeout=PATIENCE + 5)
    for connection in slow:
        assert len(connection.receive()) < len(answer), "the program waited for the reader"
        connection.socket.close()


def unread(connection: fastcgi.Connection) -> int:
    """How many bytes of an answer wait to be read."""
    count = fcntl.ioctl(connection.socket, termios.FIONREAD, bytes(4))
    return int.from_bytes(count, sys.byteorder)


def write_trail(database: Path, user: str) -> None:
    """Ten thousand lines of the audit trail about somebody, as many as an answer holds."""
    line = (int(time.time()), "authn_login_fail", user, "x" * 200)
    with sqlite3.connect(database, timeout=10) as connection:
        connection.executemany(
            "INSERT INTO audit (at, event, user_id, detail) VALUES (?, ?, ?, ?)", [line] * 10_000
        )
    connection.close()


def test_a_thousand_connections_that_come_and_go_leave_nothing(deploy: Deploy) -> None:
    site = deploy()
    person = site.person()
    assert person.client.get("/me").status == 200
    before = descriptors(site)
    for _ in range(4):
        crowd = [fastcgi.Connection(site.socket) for _ in range(250)]
        for number, connection in enumerate(crowd):
            # Nothing at all, half a record, or a request whose answer nobody waits for.
            whole = begin() + stream(PARAMS, encode(route("GET", "/me"))) + record(STDIN)
            connection.send([b"", begin()[:5], whole][number % 3])
        for connection in crowd:
            connection.socket.close()
    assert person.client.get("/dashboard").status == 200
    wait_until(lambda: descriptors(site) <= before + 2, "the connections to be closed")
