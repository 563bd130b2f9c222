"""Time for tests that have to let some pass."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from .waiting import wait_until

Given = TypeVar("Given")
Value = TypeVar("Value")

# The clock behind time(2), a tick or more late (linux/time.h); Python has no name for it.
CLOCK_REALTIME_COARSE = 5


def let_pass(seconds: float) -> None:
    """Waits without touching anything.

    Only for what cannot be asked for: an idle limit starts anew with every look at a session, and
    load has to last a while.
    """
    time.sleep(seconds)


def coarse_time() -> float:
    """The time by a clock that is never ahead of the program's; time.time() is never behind it."""
    return time.clock_gettime(CLOCK_REALTIME_COARSE)


def within_a_second(prepare: Callable[[], Given], work: Callable[[Given], Value]) -> Value:
    """What `work` comes to when no second ends while it runs: delays and ages are whole ones.

    Where one does, all of it is done again, so `prepare` makes something new each time.
    """
    for _ in range(20):
        given = prepare()
        wait_until(lambda: coarse_time() % 1 < 0.3, "a second to begin")
        second = int(coarse_time())
        value = work(given)
        if int(time.time()) == second:
            return value
    raise AssertionError("the work takes longer than a second")


def end_of(is_over: Callable[[], bool], what: str) -> tuple[float, float]:
    """Looks until something is over: when the last look before was sent, the first after answered.

    What ends at a second by the program's clock lies after the one and not after the other.
    """
    last = 0.0

    def look() -> bool:
        nonlocal last
        sent = coarse_time()
        if is_over():
            return True
        last = sent
        return False

    wait_until(look, what, timeout=30)
    return last, time.time()
