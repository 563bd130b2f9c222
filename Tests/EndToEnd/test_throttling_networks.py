"""Guessing from one network, signing up from one, guessing within a session, and restarts."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import pytest

from support.checks import assert_issue, assert_problem
from support.clock import within_a_second
from support.curl import HTML
from support.deployment import Deploy, Deployment, Person
from support.guessing import guess
from support.names import new_name, new_source
from support.parallel import given_ticket, log_in, post, status_of
from support.response import Response
from support.waiting import wait_until

FREE = 5
# What a client may say about where it comes from; its address is nginx's REMOTE_ADDR alone.
SAID = ("X-Forwarded-For", "X-Real-IP", "True-Client-IP", "CF-Connecting-IP", "Client-IP")


def said(address: str) -> dict[str, str]:
    """Headers by which a client says that it has an address."""
    return {name: address for name in SAID} | {"Forwarded": f"for={address}"}


def sign_up(site: Deployment, source: str, name: str = "", **more: dict[str, str]) -> Response:
    """A sign-up from a network."""
    body = {"username": name or new_name(), "password": site.secrets.password()}
    return post(site, "/signup", body, source=source, **more)


def test_all_guesses_of_one_network_count_together(deploy: Deploy) -> None:
    """ASVS 6.3.1: one password tried at many names is guessing too."""
    site = deploy({"throttle.network": FREE})
    person, known = site.person(), site.person()

    def spray(source: str) -> list[Response]:
        answers = [guess(site, new_name(), source=source) for _ in range(FREE)]
        answers.append(guess(site, new_name(), source=source))
        return answers + [log_in(site, person.name, person.password, source=source)]

    answers = within_a_second(new_source, spray)
    assert [answer.status for answer in answers] == [401] * FREE + [429] * 2
    assert answers[-1].body == answers[-2].body and answers[-1].header("Retry-After") == "1"

    def others(source: str) -> list[int]:
        refused = [answer.status for answer in spray(source)][FREE:]
        # The same office: somebody with a known device, and somebody who has a session.
        known.client.source = source
        return refused + [
            known.client.log_in(known.name, known.password).status,
            known.client.post_json("/reauthenticate", {"password": known.password}).status,
            log_in(site, person.name, person.password).status,
        ]

    assert within_a_second(new_source, others) == [429] * 2 + [200, 204, 200]


def test_an_account_of_ones_own_does_not_wash_a_network_clean(deploy: Deploy) -> None:
    """ASVS 6.3.1: a login takes itself back, and nothing of what failed before."""
    site = deploy({"throttle.network": FREE})
    mallory = site.person()

    def wash(source: str) -> list[int]:
        statuses = []
        for _ in range(FREE):
            statuses.append(guess(site, new_name(), source=source).status)
            own = log_in(site, mallory.name, mallory.password, source=source)
            statuses.append(own.status)
        return statuses

    statuses = within_a_second(new_source, wash)
    assert statuses[:-1] == [401, 200] * (FREE - 1) + [401] and statuses[-1] == 429


@pytest.mark.parametrize("path", ["/login", "/signup"])
def test_what_a_client_says_of_its_address_changes_nothing(deploy: Deploy, path: str) -> None:
    """ASVS 15.3.4: no way out of one's own counter, and none into somebody else's."""
    site = deploy({"throttle.network": FREE, "throttle.sign-up": FREE})
    right = 401 if path == "/login" else 201

    def tries(source: str) -> list[int]:
        victim = new_source()
        statuses = []
        for number in range(FREE + 1):
            body = {"username": new_name(), "password": site.secrets.password()}
            headers = said(victim if number % 2 else new_source())
            statuses.append(post(site, path, body, source=source, headers=headers).status)
        body = {"username": new_name(), "password": site.secrets.password()}
        return [*statuses, post(site, path, body, source=victim).status]

    assert within_a_second(new_source, tries) == [right] * FREE + [429, right]


def test_sign_ups_of_one_network_are_slowed(deploy: Deploy) -> None:
    """ASVS 6.3.1 and 6.3.8: sign-up is covered, also where it is used to look for names."""
    site = deploy({"throttle.sign-up": FREE})
    person = site.person()

    def many(source: str) -> list[Response]:
        answers = [sign_up(site, source) for _ in range(FREE - 1)]
        answers.append(sign_up(site, source, person.name))
        return [*answers, sign_up(site, source), sign_up(site, source, person.name)]

    answers = within_a_second(new_source, many)
    statuses = [answer.status for answer in answers]
    assert statuses == [201] * (FREE - 1) + [409] + [429] * 2
    refused = answers[-1]
    assert_problem(refused, 429, "too-many-requests")
    assert refused.header("Retry-After") == "1" and refused.all("Set-Cookie") == []
    assert refused.body == answers[-2].body, "taken or not, it says the same"
    assert sign_up(site, new_source()).status == 201

    def page(source: str) -> Response:
        for _ in range(FREE):
            sign_up(site, source)
        client = site.client()
        client.source = source
        form = {"username": new_name(), "password": site.secrets.password()}
        return client.post_form("/signup", form, HTML)

    shown = within_a_second(new_source, page)
    assert (shown.status, shown.media_type) == (429, "text/html")
    assert "Too many tries" in shown.text and shown.header("Retry-After") == "1"


def test_a_form_with_mistakes_is_no_sign_up(deploy: Deploy) -> None:
    """Nothing is learned from what breaks the rules, so it does not count."""
    site = deploy({"throttle.sign-up": 1})

    def mistakes(source: str) -> int:
        for _ in range(3):
            body = {"username": new_name(), "password": "short"}
            assert_issue(post(site, "/signup", body, source=source), "password")
        return sign_up(site, source).status

    assert within_a_second(new_source, mistakes) == 201


@pytest.mark.parametrize("path", ["/reauthenticate", "/password"])
def test_guesses_within_a_session_are_counted_apart_from_those_of_strangers(
    deploy: Deploy, path: str
) -> None:
    """ASVS 6.3.1 and 6.1.1: a stolen session is no way to guess, nor to lock anybody out."""
    site = deploy({"throttle.device": FREE, "throttle.account": FREE})
    new = site.secrets.password()

    def tried(person: Person, password: str) -> Response:
        body = {"password": password, "current": password, "new": new}
        return post(site, path, body, cookie=person.client.ticket_cookie)

    def thief(person: Person) -> list[Response]:
        answers = [tried(person, site.secrets.password()) for _ in range(FREE)]
        return [*answers, tried(person, person.password), log_in_as(person)]

    def log_in_as(person: Person) -> Response:
        return log_in(site, person.name, person.password)

    answers = within_a_second(site.person, thief)
    wrong = 401 if path == "/reauthenticate" else 400
    assert [answer.status for answer in answers] == [wrong] * FREE + [429, 200]
    assert_problem(answers[FREE], 429, "too-many-requests")
    # The owner logs in anew, which is a proof, and ends the session that was stolen.
    owner = given_ticket(answers[-1])
    ended = site.send("DELETE", "/sessions", headers={"Cookie": owner})
    assert (ended.status, status_of(site, owner)) == (204, 200)
    listed = site.send("GET", "/sessions", headers={"Cookie": owner}).json()
    assert [session["current"] for session in listed] == [True]

    def strangers(person: Person) -> list[int]:
        for _ in range(FREE):
            guess(site, person.name)
        return [log_in_as(person).status, tried(person, person.password).status]

    assert within_a_second(site.person, strangers) == [429, 204]


def at_an_account(site: Deployment, person: Person, source: str) -> Response:
    return guess(site, person.name)


def on_a_device(site: Deployment, person: Person, source: str) -> Response:
    device = f"__Host-device={person.client.cookies['__Host-device']}"
    return guess(site, person.name, cookie=device)


def from_a_network(site: Deployment, person: Person, source: str) -> Response:
    return guess(site, new_name(), source=source)


def by_signing_up(site: Deployment, person: Person, source: str) -> Response:
    return sign_up(site, source)


def in_a_session(site: Deployment, person: Person, source: str) -> Response:
    body = {"password": site.secrets.password()}
    return post(site, "/reauthenticate", body, cookie=person.client.ticket_cookie)


Try = Callable[[Deployment, Person, str], Response]
# The kinds of counters by the numbers under which they are stored.
KINDS: dict[int, Try] = {
    1: at_an_account,
    2: on_a_device,
    3: from_a_network,
    4: by_signing_up,
    5: in_a_session,
}


@pytest.mark.parametrize("killed", [False, True], ids=["polite", "kill"])
def test_counters_outlive_a_restart(deploy: Deploy, killed: bool) -> None:
    """ASVS 6.3.1: a crash forgets what was not written yet, a second at most, and no more."""
    loose, tries = ("account", "device", "network", "sign-up"), 8
    site = deploy({f"throttle.{kind}": 10 for kind in loose} | {"throttle.longest": "1h"})
    person, sources = site.person(), {kind: new_source() for kind in KINDS}
    for kind, attempt in KINDS.items():
        for _ in range(tries):
            assert attempt(site, person, sources[kind]).status in (401, 201)

    def stored() -> bool:
        database = sqlite3.connect(f"file:{site.database}?mode=ro", uri=True, timeout=10)
        rows = database.execute("SELECT scope FROM throttle WHERE failures = ?", [tries])
        scopes = {int(row[0]) for row in rows.fetchall()}
        database.close()
        return scopes == set(KINDS)

    # After it the delay is not zero: what failed eight times waits 2^7 seconds.
    site.settings |= {f"throttle.{kind}": 1 for kind in loose}
    site.rewrite_settings()
    if killed:
        wait_until(stored, "the counters to be written", timeout=30)
        site.kill()
        site.start()
    else:
        site.restart()
        assert stored()
    for kind, attempt in KINDS.items():
        answer = attempt(site, person, sources[kind])
        assert_problem(answer, 429, "too-many-requests")
        assert 64 < int(answer.header("Retry-After") or 0) <= 128, attempt.__name__
    fresh = site.person()
    assert guess(site, fresh.name).status == 401, "others do not wait"
