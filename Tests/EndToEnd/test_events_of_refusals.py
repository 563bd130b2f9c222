"""What is refused is an event too: throttled, forbidden, stale, forged, used up (ASVS 16.3.2)."""

from __future__ import annotations

import sqlite3

import pytest

from support import fastcgi
from support.clock import within_a_second
from support.curl import NAVIGATION, Curl
from support.deployment import Person
from support.response import Response
from support.waiting import wait_until
from support.watched import FREE_TRIES, PER_ACCOUNT, Watched, another_session, event, me


def test_being_throttled(watched: Watched) -> None:
    """ASVS 6.3.1: the lock is an event, with whose tries it counts and for how long."""

    def tries(person: Person) -> tuple[Curl, list[Response]]:
        client = watched.site.client()
        body = {"username": person.name, "password": watched.site.secrets.password()}
        answers = [client.post_json("/login", body) for _ in range(FREE_TRIES)]
        watched.log.new()
        return client, [*answers, client.post_json("/login", body)]

    client, answers = within_a_second(watched.site.person, tries)
    assert [answer.status for answer in answers] == [401] * FREE_TRIES + [429]
    seconds = answers[-1].header("Retry-After")
    assert watched.of(client) == [
        event("warning", "authn_login_lock", scope="account", retry_after=seconds)
    ]


def test_needing_to_prove_it_again(watched: Watched, someone: Person) -> None:
    """ASVS 7.5.3 and 16.3.2: what was refused until the password is proved is an event too."""
    user, session = me(someone)
    with sqlite3.connect(watched.site.database, timeout=10) as database:
        database.execute(
            "UPDATE sessions SET authenticated_at = authenticated_at - 7200 WHERE user_id ="
            " (SELECT id FROM users WHERE username = ?)",
            [someone.name],
        )
    database.close()
    check = fastcgi.check("fresh", someone.client.ticket_cookie)
    wait_until(lambda: watched.site.ask(check).status == 401, "the change to be seen")
    assert watched.log.new()[-1]["event"] == "authz_step_up"
    assert watched.site.ask(check).status == 401
    assert watched.of(someone.client) == [
        event("info", "authz_step_up", user=user, session=session, policy="fresh")
    ]
    assert someone.client.request("DELETE", "/sessions").status == 403
    assert watched.of(someone.client) == [
        event("info", "authz_step_up", user=user, session=session)
    ]


def test_one_session_too_many(watched: Watched, someone: Person) -> None:
    """ASVS 7.1.2: what happens at the limit is an event."""
    user, _ = me(someone)
    for _ in range(PER_ACCOUNT - 1):
        another_session(watched, someone)
    client = watched.site.client()
    assert client.log_in(someone.name, someone.password).status == 200
    lines = watched.of(client)
    assert [line["event"] for line in lines] == [
        "session_created",
        "excess_sessions_exceeded",
        "authn_login_success",
    ]
    assert lines[1] == event("notice", "excess_sessions_exceeded", user=user, ended=1)


def test_a_ticket_that_was_used_up(watched: Watched, someone: Person) -> None:
    """CS-Session: an old ticket is an event; one that never existed is nobody's."""
    _, session = me(someone)
    old = {"Cookie": someone.client.ticket_cookie}
    right = {"password": someone.password}
    assert someone.client.post_json("/reauthenticate", right).status == 204
    watched.log.new()
    thief = watched.site.client()
    assert thief.get("/me", old).status == 401
    reuse = event("warning", "authn_token_reuse", session=session)
    assert watched.of(thief) == [reuse]
    assert watched.site.ask(fastcgi.check("user", old["Cookie"])).status == 401
    lines = watched.log.new()
    assert [line.pop("time") != "" for line in lines] == [True] and lines == [reuse]
    unknown = {"Cookie": "__Host-session=" + "A" * 43}
    assert thief.get("/me", unknown).status == 401
    assert watched.of(thief) == []


@pytest.mark.parametrize(
    ("cookie", "reason"),
    [
        ("__Host-session=short", "malformed"),
        ("__Host-session=" + "!" * 43, "malformed"),
        (f"__Host-session={'A' * 43}; __Host-session={'B' * 43}", "repeated"),
    ],
    ids=["short", "alphabet", "two"],
)
def test_a_cookie_that_no_server_set(watched: Watched, cookie: str, reason: str) -> None:
    client = watched.site.client()
    watched.log.new()
    assert client.get("/me", {"Cookie": cookie}).status == 401
    assert watched.of(client) == [event("warning", "suspicious_cookie", reason=reason)]


def test_a_request_of_another_site(watched: Watched, someone: Person) -> None:
    headers = {"Origin": "https://evil.example"}
    answer = someone.client.request("POST", "/logout", headers=headers)
    assert answer.status == 403
    assert watched.of(someone.client) == [event("warning", "malicious_csrf", path="/logout")]


def test_being_forbidden(watched: Watched, someone: Person) -> None:
    """ASVS 16.3.2: denied authorisation is logged, for our routes and for guarded places."""
    user, session = me(someone)
    assert someone.client.get("/users").status == 403
    assert watched.of(someone.client) == [
        event("notice", "authz_fail", user=user, session=session, path="/users")
    ]
    assert someone.client.get(f"/users/{user}").status == 403
    assert watched.of(someone.client) == [
        event("notice", "authz_fail", user=user, session=session, path="/users/{id}")
    ]
    assert someone.client.get("/staff", NAVIGATION).status == 403
    assert watched.of(someone.client) == [
        event("notice", "authz_fail", user=user, session=session, policy="admin")
    ]
    cookie = someone.client.ticket_cookie
    assert watched.site.ask(fastcgi.check("nothing", cookie)).status == 403
    (line,) = watched.log.new()
    assert (line["event"], line["policy"]) == ("policy_unknown", "nothing")


def test_looking_is_no_event(watched: Watched, someone: Person) -> None:
    """A log that everybody fills with reading hides what matters."""
    for path in ("/me", "/account", "/sessions", "/login", "/health/ready", "/metrics", "/none"):
        someone.client.get(path, NAVIGATION)
    assert watched.site.ask(fastcgi.check("user", someone.client.ticket_cookie)).status == 204
    assert someone.client.get("/dashboard", NAVIGATION).status == 200
    assert watched.log.new() == []
