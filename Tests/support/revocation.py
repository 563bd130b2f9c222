"""How soon an end that one machine has acknowledged is known at another."""

from __future__ import annotations

import select
import time
from pathlib import Path

from . import fastcgi

LOGOUT = "/logout"


def delay(here: Path, there: Path, cookie: str, patience: float = 5.0) -> float:
    """Seconds from the acknowledgement of a logout at `here` to the first refusal at `there`.

    One thread asks again and again, so that no other takes its turn: what it finds is too long by
    one check at most. 0 where the refusal came first.
    """
    assert status(there, cookie) == 204, "not logged in"
    request = fastcgi.route("POST", LOGOUT, HTTP_COOKIE=cookie)
    octets = fastcgi.stream(fastcgi.PARAMS, fastcgi.encode(request))
    acknowledged = refused = None
    with fastcgi.Connection(here) as connection:
        poll = select.poll()
        poll.register(connection.socket, select.POLLIN)
        connection.send(fastcgi.begin() + octets + fastcgi.stream(fastcgi.STDIN, b""))
        begun = time.monotonic()
        while acknowledged is None or refused is None:
            if acknowledged is None and poll.poll(0):
                acknowledged = time.monotonic()
                assert fastcgi.parse(connection.receive()).status == 204
            if refused is None and status(there, cookie) == 401:
                refused = time.monotonic()
            assert time.monotonic() < begun + patience, "the end is not known at the other machine"
    return max(0.0, refused - acknowledged)


def status(socket: Path, cookie: str) -> int:
    """The answer to a check as nginx sends it."""
    return fastcgi.request(socket, fastcgi.check("user", cookie)).status
