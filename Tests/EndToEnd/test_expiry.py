"""Sessions that end by themselves: at first access after their time, and swept by a timer."""

from __future__ import annotations

import sqlite3
import time

from support.checks import assert_refused
from support.clock import coarse_time, end_of, let_pass
from support.curl import NAVIGATION
from support.deployment import Deploy, Deployment, Person
from support.waiting import wait_until


def stored_sessions(deployment: Deployment) -> int:
    """How many sessions the database holds, read beside the program."""
    with sqlite3.connect(deployment.database) as database:
        return int(database.execute("SELECT count(*) FROM sessions").fetchone()[0])


def test_a_session_ends_at_its_absolute_limit_however_much_it_is_used(deploy: Deploy) -> None:
    """ASVS 7.3.2. Whole seconds count: 3 s end with the third one after that of the login."""
    deployment = deploy({"session.absolute": "3s", "session.idle": "3s"})
    earliest = int(coarse_time())
    person = deployment.person()
    latest = int(time.time())
    cookie = person.client.ticket_cookie
    guest = deployment.client()
    last, over = end_of(
        lambda: guest.get("/me", {"Cookie": cookie}).status == 401, "the session to end"
    )
    assert last < latest + 3 and earliest + 3 <= over, (earliest, latest, last, over)
    assert_refused(guest.get("/me", {"Cookie": cookie}))
    assert guest.get("/dashboard", {"Cookie": cookie} | NAVIGATION).status == 303


def used_and_unused(deployment: Deployment) -> Person | None:
    """Uses one session for 5 s and another one, whose owner it returns, not at all.

    Returns `None` when it left the first alone for 2 s, after which it may be over.
    """
    used = time.monotonic()
    end = used + 5
    busy, idle = deployment.person(), deployment.person()
    while used < end:
        last, used = used, time.monotonic()
        status = busy.client.get("/me").status
        if time.monotonic() - last >= 2:
            return None
        assert status == 200
        let_pass(0.2)
    return idle


def test_an_unused_session_ends_at_its_idle_limit_and_a_used_one_lives_on(
    deploy: Deploy,
) -> None:
    """ASVS 7.3.1."""
    deployment = deploy({"session.absolute": "1h", "session.idle": "3s"})
    idle = wait_until(lambda: used_and_unused(deployment), "a session to be used", timeout=60)
    cookie = idle.client.ticket_cookie
    assert_refused(deployment.client().get("/me", {"Cookie": cookie}))


def test_a_remembered_session_outlives_the_short_limits(deploy: Deploy) -> None:
    deployment = deploy({"session.absolute": "2s", "session.idle": "2s"})
    person = deployment.person()
    short = person.client.ticket_cookie
    long = deployment.client()
    assert long.log_in(person.name, person.password, remember=True).status == 200
    guest = deployment.client()
    wait_until(lambda: guest.get("/me", {"Cookie": short}).status == 401, "the short one to end")
    assert long.get("/me").status == 200


def test_a_timer_sweeps_expired_sessions_that_nobody_asks_for(deploy: Deploy) -> None:
    """The records go, although no request touches them."""
    limits = {"session.absolute": "2s", "session.idle": "2s", "session.sweep": "1s"}
    deployment = deploy(limits)
    people = [deployment.person() for _ in range(3)]
    cookies = [person.client.ticket_cookie for person in people]
    kept = deployment.client()
    assert kept.log_in(people[0].name, people[0].password, remember=True).status == 200
    wait_until(lambda: stored_sessions(deployment) == 1, "the sweep", timeout=15)
    for cookie in cookies:
        assert_refused(deployment.client().get("/me", {"Cookie": cookie}))
    assert kept.get("/me").status == 200


def test_expired_stays_expired_over_a_restart(deploy: Deploy) -> None:
    deployment = deploy({"session.absolute": "2s", "session.idle": "2s"})
    person = deployment.person()
    cookie = person.client.ticket_cookie
    guest = deployment.client()
    wait_until(lambda: guest.get("/me", {"Cookie": cookie}).status == 401, "the session to end")
    deployment.settings |= {"session.absolute": "24h", "session.idle": "8h"}
    deployment.rewrite_settings()
    deployment.restart()
    assert_refused(guest.get("/me", {"Cookie": cookie}))


def test_the_oldest_session_ends_beyond_the_limit_per_account(deploy: Deploy) -> None:
    """ASVS 7.1.2: a documented limit and what happens at it."""
    deployment = deploy({"session.per-account": 3})
    person = deployment.person()
    devices = [deployment.client() for _ in range(3)]
    # Times are whole seconds; in the same one there is no oldest.
    let_pass(1.1)
    for device in devices:
        assert device.log_in(person.name, person.password).status == 200
    assert_refused(person.client.get("/me"))
    assert [device.get("/me").status for device in devices] == [200, 200, 200]
