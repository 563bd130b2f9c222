"""Requests whose records are damaged one by one, and connections by the thousand.

`Tests/Fuzz/records.py` sends the same for as long as one likes; these are the seconds of every run.
"""

from __future__ import annotations

import resource
from collections.abc import Iterator

import pytest

from support import fastcgi
from support.deployment import Deployment
from support.fastcgi import PARAMS, begin, check, encode, record, route
from support.hostile import HostilePeer

CONNECTIONS = 2000


@pytest.fixture(scope="module")
def target(tools: None) -> Iterator[Deployment]:
    """A server that these tests may trouble."""
    with Deployment() as deployment:
        yield deployment


@pytest.fixture
def many_descriptors() -> Iterator[None]:
    """This process may open as many descriptors as the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def assert_well(target: Deployment) -> None:
    """The server serves, and it is the same process."""
    assert target.process.is_running
    assert target.ask(route("GET", "/health/ready")).status == 200


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_damaged_requests_let_nobody_in_and_leave_the_server_serving(
    target: Deployment, seed: int
) -> None:
    """The seed names the run: with it a failure can be looked at again."""
    peer = HostilePeer(target, target.person(), seed)
    for _ in range(60):
        peer.strike()
    assert peer.answered > 0, "some requests are whole enough for an answer"
    assert_well(target)


HALVES = {
    "nothing": b"",
    "half a header": begin()[:4],
    "a begin": begin(),
    "half the parameters": begin() + record(PARAMS, encode(check("user", "a=b"))[:40]),
    "a kept request": begin(keep=True) + record(PARAMS, encode(check("user", "a=b"))[:40]),
}


@pytest.mark.parametrize("half", HALVES)
def test_thousands_of_half_requests_are_forgotten_when_their_peer_leaves(
    target: Deployment, many_descriptors: None, half: str
) -> None:
    """They come at once, say half of what they have to say, and leave."""
    connections = []
    for _ in range(CONNECTIONS):
        connection = fastcgi.Connection(target.socket)
        connection.send(HALVES[half])
        connections.append(connection)
    for connection in connections:
        connection.socket.close()
    assert_well(target)
