"""How soon an end that one machine has acknowledged is known at another."""

from __future__ import annotations

import select
import time
from pathlib import Path

from . import fastcgi

LOGOUT = "/logout"


def delay(here: Path, there: Path, cookie: str, patience: float = 5.0) -> float:
    """How late after the acknowledgement of a logout at `here` the last check let in was sent.

    The seconds, of checks at `there`; 0 where all that were let in were sent before it. One thread
    asks again and again, so that no other takes its turn.
    """
    assert status(there, cookie) == 204, "not logged in"
    request = fastcgi.route("POST", LOGOUT, HTTP_COOKIE=cookie)
    octets = fastcgi.stream(fastcgi.PARAMS, fastcgi.encode(request))
    acknowledged = None
    is_refused = False
    with fastcgi.Connection(here) as connection:
        poll = select.poll()
        poll.register(connection.socket, select.POLLIN)
        connection.send(fastcgi.begin() + octets + fastcgi.stream(fastcgi.STDIN, b""))
        begun = let_in = time.monotonic()
        while acknowledged is None or not is_refused:
            if acknowledged is None and poll.poll(0):
                acknowledged = time.monotonic()
                assert fastcgi.parse(connection.receive()).status == 204
            if not is_refused:
                sent = time.monotonic()
                if status(there, cookie) == 401:
                    is_refused = True
                else:
                    let_in = sent
            assert time.monotonic() < begun + patience, "the end is not known at the other machine"
    return max(0.0, let_in - acknowledged)


def status(socket: Path, cookie: str) -> int:
    """The answer to a check as nginx sends it."""
    return fastcgi.request(socket, fastcgi.check("user", cookie)).status
