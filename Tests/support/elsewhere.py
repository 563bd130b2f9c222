"""What another machine says of a session soon after something was acknowledged by the first."""

from __future__ import annotations

import time

from .deployment import Deployment
from .parallel import status_of
from .waiting import wait_until

# What is promised, in seconds, and what a busy machine may add to it.
PROMISED = 0.2
MARGIN = 0.3


def soon(site: Deployment, cookie: str, status: int, path: str = "/me") -> None:
    """A machine answers so within the promised time, and goes on to."""
    start = time.monotonic()
    wait_until(lambda: status_of(site, cookie, path) == status, f"{path} to be {status}", 5)
    took = time.monotonic() - start
    assert took < PROMISED + MARGIN, f"{path} was {status} only after {took:.2f} s"
    assert status_of(site, cookie, path) == status
