"""Everything a person does writes its event, once: name, level, who, which session, from where."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from support import fastcgi
from support.checks import PUBLIC_ID, TIME
from support.command_line import administrator
from support.curl import NAVIGATION, Curl
from support.deployment import Deployment, Person
from support.events import EventLog, Line
from support.names import new_name
from support.waiting import wait_until

REQUEST_ID = re.compile(r"[0-9a-f]{32}")
# Checks of auth_request are not told from where they come, and an account's limit is no place.
WITHOUT_ORIGIN = ("excess_sessions_exceeded", "authz_fail", "authz_step_up")
PER_ACCOUNT = 4
FREE_TRIES = 3


@dataclass
class Watched:
    """A site and its log, at the level that holds everything."""

    site: Deployment
    log: EventLog
    admin: Person

    def of(self, client: Curl) -> list[Line]:
        """What one request of a client wrote: events without time, address and request id.

        Those are looked at here: UTC, the client's own address, one id in all lines that nginx
        has in its log too (ASVS 16.2.1 to 16.2.4).
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
            wait_until(lambda: request in access.read_text(), "nginx to log the request")
        return lines


def _seconds(written: str) -> float:
    return time.mktime(time.strptime(written, "%Y-%m-%dT%H:%M:%SZ")) - time.timezone


@pytest.fixture(scope="module")
def watched(tools: None) -> Iterator[Watched]:
    """One site for all tests here, which follow each other."""
    settings = {
        "log.level": "debug",
        "throttle.account": FREE_TRIES,
        "session.per-account": PER_ACCOUNT,
        "policies": {"fresh": {"max-age": "10m"}, "editors": {"groups": ["editors"]}},
    }
    with Deployment(settings, login_burst=10_000) as site:
        yield Watched(site, EventLog(site.log), administrator(site))


@pytest.fixture
def someone(watched: Watched) -> Person:
    """Somebody who has just signed up; the log is read up to there."""
    person = watched.site.person()
    watched.log.new()
    return person


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


def test_signing_up(watched: Watched) -> None:
    watched.log.new()
    client, name = watched.site.client(), new_name()
    assert client.sign_up(name, watched.site.secrets.password()).status == 201
    lines = watched.of(client)
    answer = client.get("/me").json()
    user, session = answer["id"], answer["session"]["id"]
    assert lines == [
        event("info", "user_created", user=user),
        event("debug", "session_created", user=user, session=session, remembered="false"),
    ]
    assert PUBLIC_ID.fullmatch(user) and PUBLIC_ID.fullmatch(session)
    assert client.sign_up(name, watched.site.secrets.password()).status == 409
    assert watched.of(client) == [], "a refused sign-up changed nothing"


def test_logging_in_and_out(watched: Watched, someone: Person) -> None:
    """ASVS 16.3.1: every login, and CS-Log's names for it."""
    user, first = me(someone)
    client = watched.site.client()
    assert client.log_in(someone.name, someone.password, remember=True).status == 200
    lines = watched.of(client)
    second = client.get("/me").json()["session"]["id"]
    assert lines == [
        event("debug", "session_created", user=user, session=second, remembered="true"),
        event("info", "authn_login_success", user=user, session=second),
    ]
    # A login in a browser that has a session ends that one.
    assert client.log_in(someone.name, someone.password).status == 200
    lines = watched.of(client)
    third = client.get("/me").json()["session"]["id"]
    assert lines == [
        event("debug", "session_created", user=user, session=third, remembered="false"),
        event("info", "session_logout", user=user, session=second),
        event("info", "authn_login_success", user=user, session=third),
    ]
    assert client.request("POST", "/logout").status == 204
    assert watched.of(client) == [event("info", "session_logout", user=user, session=third)]
    assert client.request("POST", "/logout").status == 204
    assert watched.of(client) == [], "there was no session to end"
    assert someone.client.get("/me").json()["session"]["id"] == first


def test_a_wrong_password_and_an_unknown_name(watched: Watched, someone: Person) -> None:
    """ASVS 16.3.1 and 16.2.5: pass or fail is logged, and what was typed is not."""
    user, _ = me(someone)
    client = watched.site.client()
    for _ in range(2):
        assert client.log_in(someone.name, watched.site.secrets.password()).status == 401
        assert watched.of(client) == [event("notice", "authn_login_fail", user=user)]
    assert client.log_in(someone.name, someone.password).status == 200
    success = watched.of(client)[-1]
    session = client.get("/me").json()["session"]["id"]
    assert success == event(
        "info", "authn_login_successafterfail", user=user, session=session, failures=2
    )
    # People type a password where the name belongs: what is typed is in no line.
    guest = watched.site.client()
    assert guest.log_in(watched.site.secrets.password(), "some-other-password").status == 401
    assert watched.of(guest) == [event("notice", "authn_login_fail")]


def test_being_throttled(watched: Watched, someone: Person) -> None:
    """ASVS 6.3.1: the lock is an event, with whose tries it counts and for how long."""
    client = watched.site.client()
    body = {"username": someone.name, "password": watched.site.secrets.password()}
    for _ in range(FREE_TRIES):
        assert client.post_json("/login", body).status == 401
    watched.log.new()
    answer = client.post_json("/login", body)
    assert answer.status == 429
    seconds = answer.header("Retry-After")
    assert watched.of(client) == [
        event("warning", "authn_login_lock", scope="account", retry_after=seconds)
    ]


def test_proving_the_password_again(watched: Watched, someone: Person) -> None:
    """ASVS 7.2.4: a new ticket is session_renewed, under the same public id."""
    user, session = me(someone)
    wrong = {"password": watched.site.secrets.password()}
    assert someone.client.post_json("/reauthenticate", wrong).status == 401
    assert watched.of(someone.client) == [
        event("notice", "authn_reauthentication_fail", user=user, session=session)
    ]
    right = {"password": someone.password}
    assert someone.client.post_json("/reauthenticate", right).status == 204
    assert watched.of(someone.client) == [
        event("info", "authn_reauthentication_success", user=user, session=session),
        event("debug", "session_renewed", user=user, session=session),
    ]
    assert me(someone) == (user, session)


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


def test_changing_the_password(watched: Watched, someone: Person) -> None:
    user, session = me(someone)
    _, other = another_session(watched, someone)
    new = watched.site.secrets.password()
    wrong = {"current": watched.site.secrets.password(), "new": new}
    assert someone.client.post_json("/password", wrong).status == 400
    assert watched.of(someone.client) == [
        event("notice", "authn_password_change_fail", user=user, session=session)
    ]
    right = {"current": someone.password, "new": new}
    assert someone.client.post_json("/password", right).status == 204
    assert watched.of(someone.client) == [
        event("info", "session_revoked", user=user, session=other),
        event("info", "authn_password_change", user=user, ended=1),
        event("debug", "session_renewed", user=user, session=session),
    ]


def test_ending_devices(watched: Watched, someone: Person) -> None:
    user, session = me(someone)
    _, lost = another_session(watched, someone)
    assert someone.client.request("DELETE", f"/sessions/{lost}").status == 204
    assert watched.of(someone.client) == [
        event("info", "session_revoked", user=user, session=lost)
    ]
    assert someone.client.request("DELETE", f"/sessions/{lost}").status == 404
    assert watched.of(someone.client) == []
    more = {another_session(watched, someone)[1] for _ in range(2)}
    assert someone.client.request("DELETE", "/sessions").status == 204
    lines = watched.of(someone.client)
    assert {line.pop("session") for line in lines} == more
    assert lines == [event("info", "session_revoked", user=user)] * 2
    assert someone.client.request("DELETE", f"/sessions/{session}").status == 204
    assert watched.of(someone.client) == [
        event("info", "session_logout", user=user, session=session)
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


def test_what_an_administrator_does(watched: Watched, someone: Person) -> None:
    """CS-Log: user_created, privilege_permissions_changed, user_deleted, each with who did it."""
    client, site = watched.admin.client, watched.site
    by, _ = me(watched.admin)
    user, session = me(someone)
    watched.log.new()

    def did(method: str, path: str, status: int, **body: Any) -> tuple[Any, list[Line]]:
        answer = client.request(method, path, json=body or ({} if method == "POST" else None))
        assert answer.status == status, str(answer)
        return (answer.json() if answer.body else None), watched.of(client)

    made, lines = did("POST", "/users", 201, username=new_name(), groups=["editors"])
    link = event("notice", "authn_password_link_created", user=made["id"], by=by)
    assert lines == [event("info", "user_created", user=made["id"], by=by), link]
    secret = parse_qs(urlsplit(made["link"]["url"]).query)["token"][0]
    guest = site.client()
    body = {"token": site.secrets.add(secret), "password": site.secrets.password()}
    assert guest.post_json("/set-password", body).status == 204
    assert watched.of(guest) == [
        event("info", "authn_password_change", user=made["id"], ended=0)
    ]
    assert guest.post_json("/set-password", body).status == 404
    assert watched.of(guest) == []

    again, lines = did("POST", f"/users/{made['id']}/link", 201)
    site.secrets.add(parse_qs(urlsplit(again["url"]).query)["token"][0])
    assert lines == [link]

    path = f"/users/{user}"
    changed = "privilege_permissions_changed"
    _, lines = did("PATCH", path, 200, groups=["a", "b"])
    assert lines == [event("notice", changed, user=user, by=by, added="a,b")]
    _, lines = did("PATCH", path, 200, groups=["b", "c"])
    assert lines == [event("notice", changed, user=user, by=by, added="c", removed="a")]
    _, lines = did("PATCH", path, 200, groups=["c", "b"])
    assert lines == [], "nothing changed"
    _, lines = did("PATCH", path, 200, disabled=True)
    assert lines == [
        event("notice", "user_updated", user=user, by=by, change="disabled"),
        event("info", "session_revoked", user=user, by=by, session=session),
    ]
    _, lines = did("PATCH", path, 200, disabled=False)
    assert lines == [event("notice", "user_updated", user=user, by=by, change="enabled")]
    _, second = another_session(watched, someone)
    _, lines = did("DELETE", f"{path}/sessions", 204)
    assert lines == [event("info", "session_revoked", user=user, by=by, session=second)]
    _, lines = did("DELETE", path, 204)
    assert lines == [event("notice", "user_deleted", user=user, by=by)]
    assert not site.client().log_in(someone.name, someone.password).status == 200


def test_deleting_my_own_account(watched: Watched, someone: Person) -> None:
    user, session = me(someone)
    assert someone.client.request("DELETE", "/account").status == 204
    assert watched.of(someone.client)[0] == event("notice", "user_deleted", user=user)


def test_looking_is_no_event(watched: Watched, someone: Person) -> None:
    """A log that everybody fills with reading hides what matters."""
    for path in ("/me", "/account", "/sessions", "/login", "/health/ready", "/metrics", "/none"):
        someone.client.get(path, NAVIGATION)
    assert watched.site.ask(fastcgi.check("user", someone.client.ticket_cookie)).status == 204
    assert someone.client.get("/dashboard", NAVIGATION).status == 200
    assert watched.log.new() == []
