"""A site whose log is read after each request, and events as they should stand there."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import Any

from .checks import TIME
from .curl import Curl
from .deployment import Deployment, Person
from .events import EventLog, Line
from .waiting import wait_until

REQUEST_ID = re.compile(r"[0-9a-f]{32}")
# Checks of auth_request are not told from where they come, and an account's limit is no place.
WITHOUT_ORIGIN = ("excess_sessions_exceeded", "authz_fail", "authz_step_up")
PER_ACCOUNT = 4
FREE_TRIES = 3
# At the level that holds everything.
SETTINGS = {
    "log.level": "debug",
    "throttle.account": FREE_TRIES,
    "session.per-account": PER_ACCOUNT,
    "policies": {"fresh": {"max-age": "10m"}, "editors": {"groups": ["editors"]}},
}


@dataclass
class Watched:
    """A site with SETTINGS, its log, and its administrator."""

    site: Deployment
    log: EventLog
    admin: Person

    def of(self, client: Curl, is_in_access_log: bool = True) -> list[Line]:
        """What one request of a client wrote: events without time, address and request id.

        Those are looked at here: UTC, the client's own address, one id in all lines that nginx
        has in its log too (ASVS 16.2.1 to 16.2.4), but for links, of which it writes nothing.
        """
        lines = self.log.new()
        ids = set()
        for line in lines:
            written = line.pop("time")
            assert TIME.fullmatch(written), written
            age = time.time() - _seconds(written)
            assert -1 <= age < 30, f"{written} is not now"
            if "address" not in line:
                assert line["event"] in WITHOUT_ORIGIN, line
                continue
            assert line.pop("address") == client.source
            ids.add(line.pop("request"))
        assert len(ids) <= 1, f"several requests: {ids}"
        for request in ids:
            assert REQUEST_ID.fullmatch(request)
            assert self.site.gateway is not None
            access = self.site.gateway.prefix / "logs/access.log"
            if is_in_access_log:
                wait_until(lambda: request in access.read_text(), "nginx to log the request")
        return lines


def _seconds(written: str) -> float:
    return time.mktime(time.strptime(written, "%Y-%m-%dT%H:%M:%SZ")) - time.timezone


def me(person: Person) -> tuple[str, str]:
    """The public ids of an account and of its session."""
    answer = person.client.get("/me").json()
    return answer["id"], answer["session"]["id"]


def event(level: str, name: str, **fields: Any) -> Line:
    """An event as it should stand in the log."""
    return {"level": level, "event": name} | {k: str(v) for k, v in fields.items()}


def another_session(watched: Watched, person: Person) -> tuple[Curl, str]:
    """A second session of somebody, and its id; the log is read up to there."""
    client = watched.site.client()
    assert client.log_in(person.name, person.password).status == 200
    session = client.get("/me").json()["session"]["id"]
    watched.log.new()
    return client, session
