"""Waiting for something to become true, with a limit and without fixed sleeps."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")


def wait_until(
    probe: Callable[[], Value], what: str, *, timeout: float = 30.0, interval: float = 0.02
) -> Value:
    """Calls `probe` until it answers something true and returns that answer.

    Raises `AssertionError` that names `what` after `timeout` seconds.
    """
    deadline = time.monotonic() + timeout
    while True:
        value = probe()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout:g} s in vain for {what}")
        time.sleep(interval)
