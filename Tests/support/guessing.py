"""Guesses at passwords, and delays that are long at once."""

from __future__ import annotations

import signal
from typing import Any

from .deployment import Deployment
from .events import EventLog, lines, parse_logfmt
from .parallel import log_in
from .response import Response
from .waiting import wait_until


def guess(site: Deployment, name: str, **more: Any) -> Response:
    """One wrong password for a name, from a network of its own unless `more` names one."""
    return log_in(site, name, site.secrets.password(), **more)


def tighten(site: Deployment, **settings: int) -> None:
    """Changes numbers of the throttle while the program runs: `account=1`.

    Counters stay as they are, so those of many free tries delay for long from then on.
    """
    log = EventLog(site.log)
    site.settings |= {f"throttle.{key.replace('_', '-')}": n for key, n in settings.items()}
    site.rewrite_settings()
    site.process.send_signal(signal.SIGHUP)
    site.process.was_told_to_end = False

    def told() -> bool:
        events = [parse_logfmt(line)["event"] for line in lines(log.octets())]
        return "sys_settings_reloaded" in events

    wait_until(told, "the new settings")
