"""How many sessions an account may have, and the limits that its list of devices tells."""

from __future__ import annotations

import base64
import sqlite3
import time
from datetime import datetime
from typing import Any

import pytest

from support.checks import assert_refused
from support.clock import coarse_time, end_of, let_pass
from support.curl import Curl
from support.deployment import Deploy, Deployment
from support.parallel import at_once, given_ticket, log_in, status_of
from support.waiting import wait_until


def sessions(client: Curl) -> list[dict[str, Any]]:
    """What a client is told about the sessions of its account."""
    answer = client.get("/sessions")
    assert answer.status == 200, str(answer)
    return list(answer.json())


def moment(text: str) -> float:
    """A time of the list as seconds since 1970."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def move_back(site: Deployment, identifier: str, seconds: int) -> None:
    """Makes a session look unused for so long."""
    database = sqlite3.connect(site.database, timeout=10)
    with database:
        rows = database.execute("SELECT id, key FROM sessions").fetchall()
        key = next(row[1] for row in rows if public(row[0]) == identifier)
        database.execute(
            "UPDATE sessions SET last_seen_at = last_seen_at - ? WHERE key = ?", [seconds, key]
        )
    database.close()


def public(octets: bytes) -> str:
    """A stored id as it is shown."""
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def test_the_least_recently_used_session_ends_beyond_the_limit(deploy: Deploy) -> None:
    """ASVS 7.1.2: what happens at the limit is what the README says."""
    site = deploy({"session.per-account": 3})
    person = site.person()
    clients = [person.client, site.client(), site.client()]
    for client in clients[1:]:
        assert client.log_in(person.name, person.password).status == 200
    ids = [client.get("/me").json()["session"]["id"] for client in clients]
    for age, identifier in [(10, ids[0]), (300, ids[1]), (20, ids[2])]:
        move_back(site, identifier, age)
    new = site.client()
    assert new.log_in(person.name, person.password).status == 200
    assert_refused(clients[1].get("/me"))
    assert [c.get("/me").status for c in (clients[0], clients[2], new)] == [200] * 3
    assert len(sessions(new)) == 3


def test_a_limit_of_one_keeps_the_newest_login_only(deploy: Deploy) -> None:
    """ASVS 7.1.2: the new session is never the one that ends."""
    site = deploy({"session.per-account": 1})
    person, stranger = site.person(), site.person()
    before = person.client
    for _ in range(4):
        client = site.client()
        assert client.log_in(person.name, person.password).status == 200
        assert_refused(before.get("/me"))
        assert len(sessions(client)) == 1
        before = client
    assert stranger.client.get("/me").status == 200


def test_many_logins_at_once_leave_as_many_sessions_as_are_allowed(deploy: Deploy) -> None:
    """ASVS 7.1.2 and 15.4.2: no time between counting and beginning."""
    site = deploy({"session.per-account": 4, "throttle.account": 100})
    person = site.person()
    cookies = [person.client.ticket_cookie]
    for _ in range(3):
        # As many at once as the queue for passwords takes.
        answers = at_once([lambda: log_in(site, person.name, person.password)] * 8)
        assert [answer.status for answer in answers] == [200] * 8
        cookies += [given_ticket(answer) for answer in answers]
        # Which of the same second end is not said; how many is.
        statuses = [status_of(site, cookie) for cookie in cookies]
        assert statuses.count(200) == 4 and statuses.count(401) == len(cookies) - 4


@pytest.mark.parametrize("limit", ["idle", "absolute"])
@pytest.mark.parametrize("remembered", [False, True], ids=["standard", "remembered"])
def test_a_session_ends_when_its_list_says_it_will(
    deploy: Deploy, limit: str, remembered: bool
) -> None:
    """ASVS 7.3.1 and 7.3.2: shown and honoured, for both pairs of limits."""
    prefix = "session.remember-" if remembered else "session."
    short = {f"{prefix}{limit}": "4s", f"{prefix}{'idle' if limit == 'absolute' else limit}": "4s"}
    site = deploy(short)
    person = site.person()
    watcher, subject = site.client(), site.client()
    assert watcher.log_in(person.name, person.password, remember=not remembered).status == 200
    assert subject.log_in(person.name, person.password, remember=remembered).status == 200
    cookie = subject.ticket_cookie
    identifier = subject.get("/me").json()["session"]["id"]
    (shown,) = [s for s in sessions(watcher) if s["id"] == identifier]
    assert shown["remembered"] is remembered
    ends = moment(shown["expiresAt" if limit == "absolute" else "idleExpiresAt"])
    assert 0 < ends - moment(shown["createdAt"]) <= 5

    def is_gone() -> bool:
        return identifier not in {s["id"] for s in sessions(watcher)}

    last, over = end_of(is_gone, "the session to leave the list")
    assert last < ends <= over
    assert status_of(site, cookie) == 401
    assert watcher.get("/me").status == 200, "the other pair of limits is longer"


def used_to_its_end(site: Deployment) -> tuple[list[dict[str, Any]], float, float] | None:
    """Uses a session until it ends: how it was listed, the last use that was sent, and its end.

    Returns `None` when it was left alone for 2 s, which may have ended it.
    """
    used = time.monotonic()
    end = used + 30
    person, watcher = site.person(), site.client()
    cookie = person.client.ticket_cookie
    assert watcher.log_in(person.name, person.password, remember=True).status == 200
    listed: list[list[dict[str, Any]]] = []
    last = 0.0
    while used < end:
        before, used, sent = used, time.monotonic(), coarse_time()
        status = status_of(site, cookie)
        if time.monotonic() - before >= 2:
            return None
        if status == 401:
            # It may have ended before it was listed for the last time.
            return [one for (one,) in listed[:-1]], last, time.time()
        assert status == 200
        last = sent
        listed.append([s for s in sessions(watcher) if not s["remembered"]])
        let_pass(0.3)
    raise AssertionError("it never ended")


def test_use_moves_the_idle_limit_and_never_the_absolute_one(deploy: Deploy) -> None:
    """ASVS 7.3.1 and 7.3.2; NIST SP 800-63B-4 section 5.2: activity resets idleness."""
    site = deploy({"session.absolute": "9s", "session.idle": "3s"})
    listed, last, over = wait_until(
        lambda: used_to_its_end(site), "a session that is used all the time", timeout=120
    )
    first = listed[0]
    assert {(s["id"], s["expiresAt"]) for s in listed} == {(first["id"], first["expiresAt"])}
    assert moment(listed[-1]["idleExpiresAt"]) >= moment(first["idleExpiresAt"]) + 3
    assert last < moment(first["expiresAt"]) <= over
