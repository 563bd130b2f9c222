"""SIGHUP, and what the tests of it ask of a program."""

from __future__ import annotations

import json
import signal
from typing import Any

from . import fastcgi
from .deployment import Deployment
from .events import EventLog, Line
from .names import new_name
from .response import Response
from .waiting import wait_until

RELOADED, REFUSED = "sys_settings_reloaded", "sys_settings_refused"


def reload(site: Deployment, **expected: str) -> Line:
    """Sends SIGHUP and waits until the program says what it made of it."""
    log = EventLog(site.log)
    site.process.send_signal(signal.SIGHUP)
    site.process.was_told_to_end = False
    found: list[Line] = []

    def said() -> bool:
        found.extend(log.new())
        return any(line["event"] in (RELOADED, REFUSED) for line in found)

    wait_until(said, "the settings to be read")
    (line,) = [line for line in found if line["event"] in (RELOADED, REFUSED)]
    assert line | expected == line, line
    return line


def change(site: Deployment, settings: dict[str, Any]) -> Line:
    """Writes other settings, which must be taken, and returns what was said."""
    site.settings.update(settings)
    site.rewrite_settings()
    return reload(site, event=RELOADED)


def post(site: Deployment, path: str, fields: Any, **more: str) -> Response:
    """POST of JSON straight to the program."""
    body = json.dumps(fields).encode()
    return site.ask(fastcgi.route("POST", path, body, **more), body)


def new_account(site: Deployment) -> dict[str, str]:
    """A name and a password that nobody has yet."""
    return {"username": new_name(), "password": site.secrets.password()}


def ticket(site: Deployment, answer: Response) -> str:
    """The session cookie of an answer, as a browser sends it back."""
    assert answer.status in (200, 201, 204), str(answer)
    cookie = (answer.session_cookie or "").split(";")[0]
    site.secrets.add(cookie.partition("=")[2])
    return cookie


def short_password(site: Deployment) -> int:
    """The status of a sign-up with 12 characters."""
    fields = {"username": new_name(), "password": "qx7-vorpal-z"}
    answer = post(site, "/signup", fields)
    if answer.status == 201:
        ticket(site, answer)
    return answer.status
