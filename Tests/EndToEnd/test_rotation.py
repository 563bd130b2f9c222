"""Tickets that are replaced: a new one each time a password is proved, and the old one dead."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

from support import fastcgi
from support.checks import assert_problem, assert_refused, assert_session_cookie
from support.command_line import CommandLine
from support.curl import HTML, NAVIGATION, Curl
from support.deployment import Deploy, Deployment, Person
from support.events import EventLog
from support.names import new_name
from support.parallel import at_once, given_ticket, post, status_of
from support.response import Response
from support.waiting import wait_until

PLANTED = "__Host-session=" + "P" * 43
PLANTED_DEVICE = "__Host-device=" + "D" * 43
SAME_ORIGIN = NAVIGATION | {"Sec-Fetch-Site": "same-origin"}


def log_in(_: Deployment, person: Person) -> Response:
    return person.client.log_in(person.name, person.password)


def log_in_by_form(_: Deployment, person: Person) -> Response:
    form = {"username": person.name, "password": person.password}
    return person.client.post_form("/login", form, SAME_ORIGIN)


def reauthenticate(_: Deployment, person: Person) -> Response:
    return person.client.post_json("/reauthenticate", {"password": person.password})


def reauthenticate_by_form(_: Deployment, person: Person) -> Response:
    return person.client.post_form("/reauthenticate", {"password": person.password}, SAME_ORIGIN)


def change_password(site: Deployment, person: Person) -> Response:
    new = site.secrets.password()
    change = {"current": person.password, "new": new}
    person.password = new
    return person.client.post_json("/password", change)


def change_password_by_form(site: Deployment, person: Person) -> Response:
    new = site.secrets.password()
    change = {"current": person.password, "new": new}
    person.password = new
    return person.client.post_form("/password", change, SAME_ORIGIN)


Way = Callable[[Deployment, Person], Response]
RENEWALS: list[Way] = [
    reauthenticate, reauthenticate_by_form, change_password, change_password_by_form,
]  # fmt: skip
WAYS: list[Way] = [log_in, log_in_by_form, *RENEWALS]


def session(client: Curl) -> dict[str, Any]:
    """The session of a client."""
    return dict(client.get("/me").json()["session"])


def ticket(cookie: str) -> str:
    """The secret in `name=value`."""
    return cookie.partition("=")[2]


@pytest.mark.parametrize("way", WAYS)
def test_the_ticket_is_new_and_the_old_one_dead_at_once(
    site: Deployment, person: Person, way: Way
) -> None:
    """ASVS 7.2.4: at login and re-authentication; CS-Session: at a password change too."""
    old = person.client.ticket_cookie
    jobs = [lambda path=path: status_of(site, old, path) for path in ("/me", "/dashboard") * 6]
    assert at_once(jobs) == [200] * 12
    answer = way(site, person)
    assert answer.status in (200, 204, 303), str(answer)
    new = assert_session_cookie(answer)
    assert new != ticket(old)
    assert at_once(jobs) == [401] * 12
    assert site.ask(fastcgi.check("user", old)).status == 401
    assert person.client.get("/dashboard", NAVIGATION).status == 200
    assert new not in answer.text, "the ticket stands in Set-Cookie alone"


@pytest.mark.parametrize("way", RENEWALS)
@pytest.mark.parametrize("remember", [False, True], ids=["standard", "remembered"])
def test_a_renewed_session_keeps_its_name_and_begins_its_limits_anew(
    site: Deployment, person: Person, way: Way, remember: bool
) -> None:
    """NIST SP 800-63B-4 section 5.2: re-authentication resets both limits."""
    client = person.client
    assert client.log_in(person.name, person.password, remember=remember).status == 200
    database = sqlite3.connect(site.database, timeout=10)
    with database:
        database.execute(
            "UPDATE sessions SET expires_at = expires_at - 600 WHERE user_id ="
            " (SELECT id FROM users WHERE username = ?)",
            [person.name],
        )
    database.close()
    before = session(client)
    answer = way(site, person)
    assert_session_cookie(answer, 30 * 86400 if remember else 86400)
    after = session(client)
    assert after["expiresAt"] > before["expiresAt"]
    for member in ("id", "createdAt", "remembered", "ip"):
        assert after[member] == before[member], member


@pytest.mark.parametrize("way", [log_in, log_in_by_form])
def test_a_login_ends_the_session_of_whoever_used_the_browser_before(
    site: Deployment, person: Person, way: Way
) -> None:
    """ASVS 7.2.4: the cookie of another account is replaced, and its session is over."""
    before = site.person()
    old, elsewhere = before.client.ticket_cookie, site.client()
    assert elsewhere.log_in(before.name, before.password).status == 200
    way(site, Person(person.name, person.password, before.client))
    assert status_of(site, old) == 401
    assert before.client.get("/me").json()["username"] == person.name
    assert elsewhere.get("/me").status == 200, "only the session of this browser"
    assert person.client.get("/me").status == 200


@pytest.mark.parametrize("way", WAYS)
def test_a_wrong_password_leaves_the_ticket_as_it_is(
    site: Deployment, person: Person, way: Way
) -> None:
    """A login that fails signs nobody out, and gives nobody a cookie."""
    cookie = person.client.ticket_cookie
    answer = way(site, Person(person.name, site.secrets.password(), person.client))
    assert answer.status in (400, 401)
    assert answer.all("Set-Cookie") == []
    assert status_of(site, cookie) == 200


@pytest.mark.parametrize("way", WAYS)
def test_a_used_up_ticket_that_comes_back_is_an_event(deploy: Deploy, way: Way) -> None:
    """CS-Log authn_token_reuse: in the log and in the audit trail, with the session's name."""
    site = deploy()
    person = site.person()
    old, identifier = person.client.ticket_cookie, session(person.client)["id"]
    way(site, person)
    log, thief = EventLog(site.log), site.client()
    assert_refused(thief.get("/me", {"Cookie": old}))
    (line,) = log.new()
    assert (line["event"], line["session"]) == ("authn_token_reuse", identifier)
    assert line["address"] == thief.source

    def told() -> list[dict[str, Any]]:
        options = ("--event", "authn_token_reuse", "--json")
        printed = CommandLine(site).do("audit", "list", *options)
        return [json.loads(row) for row in printed.splitlines()]

    (row,) = wait_until(told, "the event in the audit trail", timeout=5)
    assert (row["session"], row["address"]) == (identifier, thief.source)
    assert person.client.get("/me").status == 200, "the thief ends nobody's session"


def test_an_unknown_ticket_is_never_adopted(site: Deployment, person: Person) -> None:
    """ASVS 7.2.4 and CS-Session, strict: a planted ticket opens nothing before or after."""
    name, password = new_name(), site.secrets.password()
    bodies = {
        "/signup": {"username": name, "password": password},
        "/login": {"username": person.name, "password": person.password},
    }
    for path, body in bodies.items():
        assert status_of(site, PLANTED) == 401
        answer = post(site, path, body, cookie=PLANTED)
        assert answer.status in (200, 201), str(answer)
        assert given_ticket(answer) != PLANTED
        assert "P" * 43 not in str(answer.headers) + answer.text
        assert status_of(site, PLANTED) == 401
        assert status_of(site, given_ticket(answer)) == 200
    for path in ("/reauthenticate", "/password"):
        body = {"password": person.password, "current": person.password, "new": password}
        answer = post(site, path, body, cookie=PLANTED)
        assert_refused(answer)
        assert answer.session_cookie is None
    assert status_of(site, PLANTED) == 401


def test_a_planted_device_is_never_adopted(site: Deployment, person: Person) -> None:
    """The device's cookie is drawn by the server: one that was planted becomes nobody's."""
    body = {"username": person.name, "password": person.password}
    answer = post(site, "/login", body, cookie=PLANTED_DEVICE)
    assert answer.status == 200
    given = [line for line in answer.all("Set-Cookie") if line.startswith("__Host-device=")]
    assert len(given) == 1 and not given[0].startswith(PLANTED_DEVICE)


def test_of_many_renewals_of_one_ticket_exactly_one_wins(site: Deployment, person: Person) -> None:
    """ASVS 15.4.2: one session stays one session, and nobody gets an error of the server."""
    for _ in range(4):
        old = person.client.ticket_cookie
        jobs = [lambda: post(site, "/reauthenticate", {"password": person.password}, old)] * 8
        answers = at_once(jobs)
        assert sorted(answer.status for answer in answers) == [204] + [401] * 7
        (new,) = [given_ticket(answer) for answer in answers if answer.status == 204]
        for answer in answers:
            if answer.status == 401:
                assert_problem(answer, 401, "authentication-required")
                assert answer.session_cookie is None
        assert (status_of(site, old), status_of(site, new)) == (401, 200)
        listed = site.send("GET", "/sessions", headers={"Cookie": new}).json()
        assert [s["current"] for s in listed] == [True]
        assert person.client.log_in(person.name, person.password).status == 200
        assert post(site, "/logout", {}, new).status == 204


def test_a_logout_that_crosses_a_renewal_is_a_logout(site: Deployment, person: Person) -> None:
    """ASVS 7.4.1: whoever logs out with the ticket of a moment ago is logged out."""
    old = person.client.ticket_cookie
    assert reauthenticate(site, person).status == 204
    new = person.client.ticket_cookie
    assert post(site, "/logout", {}, old).status == 204
    assert (status_of(site, old), status_of(site, new)) == (401, 401)


def test_logins_side_by_side_each_have_their_own(site: Deployment, person: Person) -> None:
    """ASVS 7.2.3: every ticket is another; without the old cookie no session is replaced."""
    body = {"username": person.name, "password": person.password}
    answers = at_once([lambda: post(site, "/login", body)] * 8)
    cookies = {given_ticket(answer) for answer in answers}
    assert len(cookies) == 8 and {status_of(site, cookie) for cookie in cookies} == {200}
    page = person.client.get("/account", HTML).text
    assert page.count('class="device"') == 9
