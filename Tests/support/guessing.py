"""Guesses at passwords, and delays that are long at once."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from typing import Any, TypeVar

from .deployment import Deployment
from .events import EventLog, lines, parse_logfmt
from .parallel import log_in
from .response import Response
from .waiting import wait_until

Given = TypeVar("Given")
Value = TypeVar("Value")


def guess(site: Deployment, name: str, **more: Any) -> Response:
    """One wrong password for a name, from a network of its own unless `more` names one."""
    return log_in(site, name, site.secrets.password(), **more)


def within_a_second(prepare: Callable[[], Given], work: Callable[[Given], Value]) -> Value:
    """What `work` comes to when no second ends while it runs, since delays count whole seconds.

    Where one does, all of it is done again, so `prepare` makes something new each time.
    """
    for _ in range(20):
        given = prepare()
        wait_until(lambda: time.time() % 1 < 0.3, "a second to begin")
        second = int(time.time())
        value = work(given)
        if int(time.time()) == second:
            return value
    raise AssertionError("the work takes longer than a second")


def tighten(site: Deployment, **settings: int) -> None:
    """Changes numbers of the throttle while the program runs: `account=1`.

    Counters stay as they are, so those of many free tries delay for long from then on.
    """
    log = EventLog(site.log)
    site.settings |= {f"throttle.{key.replace('_', '-')}": n for key, n in settings.items()}
    site.rewrite_settings()
    site.process.send_signal(signal.SIGHUP)

    def told() -> bool:
        events = [parse_logfmt(line)["event"] for line in lines(log.octets())]
        return "sys_settings_reloaded" in events

    wait_until(told, "the new settings")
