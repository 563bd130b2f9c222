"""Changing the password: what it asks for, what it ends, and what crosses it."""

from __future__ import annotations

import html

import pytest

from support.checks import assert_issue, assert_problem, assert_refused, assert_session_cookie
from support.clock import within_a_second
from support.curl import HTML, NAVIGATION
from support.deployment import Deploy, Deployment, Person
from support.parallel import at_once, given_ticket, log_in, post, status_of
from support.response import Response

SAME_ORIGIN = NAVIGATION | {"Sec-Fetch-Site": "same-origin"}
# The longest queue that sixteen workers leave room for.
ROOMY = {"password.queue": 15, "throttle.account": 100}


def change(person: Person, current: str, new: str) -> Response:
    """The request of a program."""
    return person.client.post_json("/password", {"current": current, "new": new})


def change_by_form(person: Person, current: str, new: str) -> Response:
    """The form of the account page."""
    form = {"current": current, "new": new}
    return person.client.post_form("/password", form, SAME_ORIGIN)


def test_every_other_session_ends_and_this_one_goes_on(site: Deployment, person: Person) -> None:
    """ASVS 6.2.2 and 7.4.3: it can be changed, and whoever else was in is out."""
    others, stranger = [site.client() for _ in range(3)], site.person()
    for number, client in enumerate(others):
        remember = bool(number % 2)
        assert client.log_in(person.name, person.password, remember=remember).status == 200
    new = site.secrets.password()
    answer = change(person, person.password, new)
    assert (answer.status, answer.body) == (204, b"")
    assert_session_cookie(answer)
    for client in others:
        assert_refused(client.get("/me"))
        assert client.get("/dashboard", NAVIGATION).status == 303
    assert [s["current"] for s in person.client.get("/sessions").json()] == [True]
    assert_problem(site.client().log_in(person.name, person.password), 401, "invalid-credentials")
    assert site.client().log_in(person.name, new).status == 200
    assert stranger.client.get("/me").status == 200


def test_the_form_does_the_same_and_says_so(site: Deployment, person: Person) -> None:
    """ASVS 6.2.2 and 6.2.6: a form whose fields are those of passwords."""
    page = person.client.get("/account", HTML).text
    assert 'type="password" id="current" name="current" autocomplete="current-password"' in page
    assert 'type="password" id="new" name="new" autocomplete="new-password"' in page
    other, new = site.client(), site.secrets.password()
    assert other.log_in(person.name, person.password).status == 200
    answer = change_by_form(person, person.password, new)
    assert (answer.status, answer.location) == (303, "/account?done=password")
    assert_session_cookie(answer)
    assert "Your password was changed" in person.client.get(answer.location, HTML).text
    assert_refused(other.get("/me"))
    assert site.client().log_in(person.name, new).status == 200


def test_without_the_current_password_nothing_changes(site: Deployment, person: Person) -> None:
    """ASVS 6.2.3: a session alone is not enough."""
    other, new = site.client(), site.secrets.password()
    assert other.log_in(person.name, person.password).status == 200
    for current in (site.secrets.password(), "", person.password + " ", person.password.upper()):
        answer = change(person, current, new)
        assert_issue(answer, "current")
        form = change_by_form(person, current, new)
        assert (form.status, form.media_type) == (400, "text/html")
        assert "The current password is wrong." in form.text
        assert new not in form.text and (current not in form.text or not current)
        assert answer.all("Set-Cookie") == form.all("Set-Cookie") == []
    assert_issue(person.client.post_json("/password", {"new": new}), "current")
    assert [c.get("/me").status for c in (person.client, other)] == [200, 200]
    assert site.client().log_in(person.name, new).status == 401
    assert site.client().log_in(person.name, person.password).status == 200


@pytest.mark.parametrize(
    "weak",
    ["", "short-1", "password1234", "qwertyuiop", "aaaaaaaaaaaa", "NAME", "NAME1", "x" * 5000],
    ids=["empty", "short", "common", "keyboard", "repeated", "name", "name-1", "too-long"],
)
def test_a_weak_new_password_is_refused_and_says_why(
    site: Deployment, person: Person, weak: str
) -> None:
    """ASVS 6.2.1, 6.2.4 and 6.2.11: the rules of the sign-up hold for a change too."""
    new = weak.replace("NAME", person.name)
    assert_issue(change(person, person.password, new), "new")
    form = change_by_form(person, person.password, new)
    assert form.status == 400 and 'id="new-error"' in form.text
    assert form.all("Set-Cookie") == []
    assert person.client.get("/me").status == 200
    assert site.client().log_in(person.name, person.password).status == 200


def test_a_long_password_of_any_characters_is_taken_exactly(
    site: Deployment, person: Person
) -> None:
    """ASVS 6.2.5, 6.2.8 and 6.2.9: no rules of composition, no truncation, over 64."""
    new = site.secrets.add(" ünder the seventh lantern \u2603 " + "q" * 150 + "Z ")
    assert change(person, person.password, new).status == 204
    for wrong in (new[:-2] + "X ", new.strip(), new.lower(), new[:72]):
        assert site.client().log_in(person.name, wrong).status == 401
    assert site.client().log_in(person.name, new).status == 200


def test_visitors_and_other_sites_change_nothing(site: Deployment, person: Person) -> None:
    """ASVS 3.5.1 and 8.3.1."""
    body = {"current": person.password, "new": site.secrets.password()}
    assert_refused(site.client().post_json("/password", body))
    answer = person.client.post_json("/password", body, {"Origin": "https://evil.example"})
    assert_problem(answer, 403, "cross-origin")
    assert person.client.request("GET", "/password").status == 405
    assert site.client().log_in(person.name, person.password).status == 200


def test_the_session_alone_does_not_let_anybody_guess(deploy: Deploy) -> None:
    """ASVS 6.3.1: tries at the current password are counted, by form, JSON and page alike."""
    site = deploy({"throttle.device": 3})
    new = site.secrets.password()

    def thief(person: Person) -> tuple[Person, list[int], list[Response]]:
        ways = (change, change_by_form, change)
        wrong = [attempt(person, site.secrets.password(), new).status for attempt in ways]
        right = [attempt(person, person.password, new) for attempt in (change, change_by_form)]
        proof = {"password": person.password}
        return person, wrong, [*right, person.client.post_json("/reauthenticate", proof)]

    person, wrong, (right, form, again) = within_a_second(site.person, thief)
    assert wrong == [400] * 3
    assert_problem(right, 429, "too-many-requests")
    assert right.header("Retry-After") == "1"
    assert form.status == 429 and "Too many tries" in html.unescape(form.text)
    assert_problem(again, 429, "too-many-requests")
    assert person.client.get("/me").status == 200
    assert site.client().log_in(person.name, person.password).status == 200


@pytest.mark.parametrize("sharing", [True, False], ids=["one-session", "own-sessions"])
def test_of_many_changes_at_once_exactly_one_wins(deploy: Deploy, sharing: bool) -> None:
    """ASVS 15.4.2: one password is right afterwards, and one session is left."""
    site = deploy(ROOMY)
    person = site.person()
    for _ in range(4):
        logins = [log_in(site, person.name, person.password) for _ in range(1 if sharing else 6)]
        cookies = [given_ticket(answer) for answer in logins] * (6 if sharing else 1)
        new = [site.secrets.password() for _ in cookies]

        def work(number: int, cookies: list[str] = cookies, new: list[str] = new) -> Response:
            body = {"current": person.password, "new": new[number]}
            return post(site, "/password", body, cookies[number])

        answers = at_once([lambda n=n: work(n) for n in range(6)])
        statuses = [answer.status for answer in answers]
        assert statuses.count(204) == 1 and set(statuses) <= {204, 400, 401}, statuses
        winner = statuses.index(204)
        kept = given_ticket(answers[winner])
        assert [answer.session_cookie for answer in answers].count(None) == 5
        assert {status_of(site, cookie) for cookie in cookies} == {401}
        listed = site.send("GET", "/sessions", headers={"Cookie": kept}).json()
        assert [s["current"] for s in listed] == [True]
        person.password = new[winner]
        assert log_in(site, person.name, person.password).status == 200
        for number in range(6):
            if number != winner:
                assert log_in(site, person.name, new[number]).status == 401


def test_no_login_with_the_old_password_outlives_the_change(deploy: Deploy) -> None:
    """ASVS 7.4.3 and 15.4.2: also one that was let in, and had no session yet, at the change."""
    site = deploy(ROOMY | {"session.per-account": 1000})
    person = site.person()
    let_in = refused = 0
    for _ in range(10):
        old, new = person.password, site.secrets.password()
        cookie = person.client.ticket_cookie
        jobs = [lambda: log_in(site, person.name, old)] * 10
        body = {"current": old, "new": new}
        jobs.insert(5, lambda: post(site, "/password", body, cookie))
        answers = at_once(jobs)
        changed = answers.pop(5)
        assert changed.status == 204, str(changed)
        statuses = [answer.status for answer in answers]
        assert set(statuses) <= {200, 401}, statuses
        let_in += statuses.count(200)
        refused += statuses.count(401)
        tickets = [given_ticket(answer) for answer in answers if answer.status == 200]
        assert {status_of(site, ticket) for ticket in tickets} <= {401}
        kept = given_ticket(changed)
        listed = site.send("GET", "/sessions", headers={"Cookie": kept}).json()
        assert [s["current"] for s in listed] == [True]
        person.password = new
        assert person.client.log_in(person.name, new).status == 200
    assert let_in and refused, f"no race: {let_in} let in, {refused} refused"
