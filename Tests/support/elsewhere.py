"""What another machine says of a session soon after something was acknowledged by the first."""

from __future__ import annotations

import time

from .deployment import Deployment
from .parallel import status_of
from .waiting import wait_until

# What is promised, in seconds.
PROMISED = 0.2


def soon(site: Deployment, cookie: str, status: int, path: str = "/me") -> None:
    """A machine answers so to whatever is sent after the promised time, and goes on to."""
    start = last = time.monotonic()

    def answers() -> bool:
        nonlocal last
        sent = time.monotonic()
        if status_of(site, cookie, path) == status:
            return True
        last = sent
        return False

    wait_until(answers, f"{path} to be {status}", timeout=5)
    assert last - start < PROMISED, f"{path} was not {status} yet after {last - start:.2f} s"
    assert status_of(site, cookie, path) == status
