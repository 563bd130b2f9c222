"""Peers on the socket that are not nginx: who may connect, and what that gives them.

Whoever may connect may claim any visitor's address and ask any question; a session it gets by a
ticket or a password alone, as everybody.
"""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import fastcgi
from support.checks import assert_refused
from support.clock import within_a_second
from support.deployment import Deploy, Deployment
from support.fastcgi import PARAMS, STDIN, Connection, begin, check, encode, record, route
from support.names import new_source

WORKERS = 4
# `Connection.patience`: how long a worker waits for the next byte of a peer, in seconds.
PATIENCE = 10
LIVE = begin() + fastcgi.stream(PARAMS, encode(route("GET", "/health/live"))) + record(STDIN)
# A peer of its own, which says how its connect(2) ended.
CONNECT = (
    "import socket, sys\n"
    "try: socket.socket(socket.AF_UNIX).connect(sys.argv[1]); print('connected')\n"
    "except OSError as error: print(type(error).__name__)\n"
)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody may enter, so that the socket's own rights decide."""
    folder = Path(tempfile.mkdtemp(prefix="coatcheck-socket-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def connect_as(path: Path, user: str, group: str) -> str:
    """How the attempt of somebody else to connect ends."""
    identity = {
        "user": pwd.getpwnam(user).pw_uid,
        "group": grp.getgrnam(group).gr_gid,
        "extra_groups": [],
    }
    command = [sys.executable, "-I", "-c", CONNECT, path]
    result = subprocess.run(command, capture_output=True, text=True, timeout=15, **identity)
    return result.stdout.strip() or result.stderr


def test_only_the_group_of_the_socket_may_connect(tools: None, open_folder: Path) -> None:
    """Taking another identity needs root; without it the rights of the file are what there is."""
    path = open_folder / "fcgi.sock"
    mine = grp.getgrgid(os.getegid()).gr_name
    group = "www-data" if os.geteuid() == 0 else mine
    settings = {"socket.path": str(path), "socket.group": group}
    site = Deployment(settings, with_gateway=False)
    site.socket = path
    with site:
        assert path.stat().st_mode & 0o777 == 0o660
        assert grp.getgrgid(path.stat().st_gid).gr_name == group
        if os.geteuid() == 0:
            assert connect_as(path, "nobody", "www-data") == "connected"
            assert connect_as(path, "nobody", "nogroup") == "PermissionError"
            assert connect_as(path, "www-data", "nogroup") == "PermissionError"


CLAIMS = {
    "REMOTE_USER": "{name}",
    "HTTP_X_AUTH_USER": "{name}",
    "HTTP_X_AUTH_ID": "{id}",
    "HTTP_X_AUTH_GROUPS": "admin",
    "HTTP_X_AUTH_SESSION": "{session}",
    "HTTP_REMOTE_USER": "{name}",
    "HTTP_X_FORWARDED_USER": "{name}",
    "HTTP_AUTHORIZATION": "Basic e25hbWV9Og==",
    "AUTH_TYPE": "Basic",
    "REMOTE_ADDR": "127.0.0.1",
    "HTTP_X_FORWARDED_FOR": "127.0.0.1",
    "COATCHECK_USER": "{name}",
    "COATCHECK_REASON": "",
    "SSL_CLIENT_VERIFY": "SUCCESS",
}


@pytest.mark.parametrize("mode", ["", "check", "login", "denied"])
def test_no_claim_is_a_session(site: Deployment, mode: str) -> None:
    """ASVS 4.1.3: names, groups and ids that are claimed open nothing, in any mode."""
    person = site.person()
    me = person.client.get("/me").json()
    known = {"name": person.name, "id": me["id"], "session": me["session"]["id"]}
    claims = {name: value.format(**known) for name, value in CLAIMS.items()}
    for policy in ("user", "admin"):
        asked = check(policy, "", COATCHECK_MODE=mode, DOCUMENT_URI="/me", **claims)
        answer = site.ask(asked)
        assert answer.status >= 300, str(answer)
        assert answer.header("X-Auth-User") is None
        assert person.name not in answer.text
    assert_refused(site.ask(route("GET", "/me", **claims)))
    assert_refused(site.ask(route("GET", "/users", **claims)))


def test_a_peer_claims_an_address_and_its_tries_count_for_that(deploy: Deploy) -> None:
    """What the rights of the socket are for: the address is taken from the peer as it is."""
    site = deploy({"throttle.network": 1, "throttle.account": 100}, with_gateway=False)
    body = b'{"username": "nobody-here", "password": "a wrong password"}'

    def guess(address: str) -> int:
        return site.ask(route("POST", "/api/login", body, REMOTE_ADDR=address), body).status

    def twice(address: str) -> list[int]:
        return [guess(address) for _ in range(2)]

    assert within_a_second(new_source, twice) == [401, 429]
    assert guess("192.0.2.2") == 401


def seconds_to_answer(site: Deployment) -> float:
    """How long somebody else waits for an answer."""
    began = time.monotonic()
    with Connection(site.socket, timeout=5 * PATIENCE) as connection:
        connection.send(LIVE)
        assert fastcgi.parse(connection.receive()).status == 200
    return time.monotonic() - began


@pytest.fixture(scope="module")
def small(tools: None) -> Iterator[Deployment]:
    """A server of few workers."""
    with Deployment({"workers": WORKERS}, with_gateway=False) as site:
        yield site


def silent(site: Deployment, count: int, first: bytes) -> list[Connection]:
    """Peers that send so much and then nothing."""
    peers = [Connection(site.socket, timeout=3 * PATIENCE) for _ in range(count)]
    for peer in peers:
        peer.send(first)
    return peers


FIRST = {
    "nothing": b"",
    "half a header": begin()[:5],
    "a begin": begin(),
    "half the parameters": LIVE[:60],
    "no end": LIVE[:-8],
}


@pytest.mark.parametrize("first", FIRST.values(), ids=FIRST)
def test_fewer_silent_peers_than_workers_delay_nobody(small: Deployment, first: bytes) -> None:
    peers = silent(small, WORKERS - 1, first)
    assert seconds_to_answer(small) < PATIENCE / 2
    for peer in peers:
        peer.socket.close()


def test_as_many_silent_peers_as_workers_hold_others_up_for_the_patience_once(
    small: Deployment,
) -> None:
    """The known limit of what the socket's rights leave to a peer, and that it passes by itself."""
    peers = silent(small, WORKERS, begin())
    assert PATIENCE / 2 < seconds_to_answer(small) < 1.8 * PATIENCE
    for peer in peers:
        assert fastcgi.parse(peer.receive()).status == 400, "they have been hung up on"
    assert seconds_to_answer(small) < PATIENCE / 2


@pytest.mark.parametrize("first", FIRST.values(), ids=FIRST)
def test_hundreds_that_leave_hold_nobody_up(small: Deployment, first: bytes) -> None:
    peers = silent(small, 300, first)
    for peer in peers:
        peer.socket.close()
    assert seconds_to_answer(small) < PATIENCE / 2


def test_hundreds_at_once_are_all_answered(small: Deployment) -> None:
    """More than there are workers, by far: they wait in the backlog."""
    peers = [Connection(small.socket, timeout=3 * PATIENCE) for _ in range(400)]
    for peer in peers:
        peer.send(LIVE)
    assert [fastcgi.parse(peer.receive()).status for peer in peers] == [200] * len(peers)
    for peer in peers:
        peer.socket.close()


def test_a_peer_that_hoards_kept_connections_loses_its_own(small: Deployment) -> None:
    """512 are kept; whoever opens more loses those that have waited longest."""
    request = begin(keep=True) + LIVE[16:]
    peers = []
    for _ in range(600):
        peer = Connection(small.socket, timeout=3 * PATIENCE)
        peers.append(peer)
        peer.send(request)
        assert fastcgi.parse(peer.receive()).status == 200
        assert seconds_to_answer(small) < PATIENCE / 2
    peers[0].socket.settimeout(PATIENCE)
    assert peers[0].socket.recv(1) == b"", "the first is closed"
    for peer in peers:
        peer.socket.close()


def test_a_peer_that_sends_byte_by_byte_is_answered_and_holds_one_worker(
    small: Deployment,
) -> None:
    with Connection(small.socket, timeout=3 * PATIENCE) as slow:
        for octet in LIVE:
            slow.send(bytes([octet]))
        assert fastcgi.parse(slow.receive()).status == 200


def test_a_peer_that_never_reads_holds_one_worker_at_most(small: Deployment) -> None:
    """The answer is larger than what the socket's buffers take."""
    with Connection(small.socket, timeout=3 * PATIENCE) as deaf:
        deaf.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        page = fastcgi.stream(PARAMS, encode(route("GET", "/login", HTTP_ACCEPT="text/html")))
        for _ in range(3):
            deaf.send(begin(keep=True) + page + record(STDIN))
            assert seconds_to_answer(small) < PATIENCE / 2
