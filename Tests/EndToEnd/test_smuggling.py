"""Requests that try to get past the guard: bytes that nginx, Coatcheck and a backend may read
differently. Nothing guarded is ever served, and no backend is asked, without a live session."""

from __future__ import annotations

import re

import pytest

from support import tries, wire
from support.command_line import CommandLine
from support.deployment import Person
from support.guarded import (
    ADMIN_MARK,
    ADMIN_PLACES,
    OPEN_MARK,
    PLACES,
    USER_MARK,
    USER_PLACES,
    GuardedSite,
    assert_nothing_shown,
)

END = "{c}\r\n\r\n"
HEADERS = {name: tries.PLAIN + lines + END for name, lines in tries.HEADERS.items()}
TARGETS = {
    name: f"GET {target} HTTP/1.1\r\nHost: {{h}}\r\n{END}" for name, target in tries.TARGETS.items()
}
TRIES = (
    {f"header, {name}": text for name, text in HEADERS.items()}
    | {f"target, {name}": text for name, text in TARGETS.items()}
    | {f"body, {name}": text for name, text in tries.BODIES.items()}
)


@pytest.fixture(scope="module")
def person(guarded: GuardedSite) -> Person:
    """Somebody who is in no group."""
    return guarded.site.person()


def attempt(guarded: GuardedSite, text: str, place: str, person: Person | None = None) -> bytes:
    """Sends a try at a place and returns whatever came back."""
    host = f"localhost:{guarded.site.port}"
    last = "Connection: close"
    if person is not None:
        last += f"\r\nCookie: {person.client.ticket_cookie}"
    values = {"p": place, "tail": place[1:], "h": host, "c": last}
    values["g"] = f"GET {place} HTTP/1.1\r\nHost: {host}\r\n{last}\r\n\r\n"
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return wire.burst(guarded.site.port, text.encode("latin-1"), timeout=8)


def test_each_place_shows_its_mark_to_whom_it_should(guarded: GuardedSite, person: Person) -> None:
    """Without this the tries below would prove nothing."""
    member = guarded.site.person()
    CommandLine(guarded.site).do("user", "groups", member.name, "--add", "admin")
    for place in USER_PLACES:
        assert USER_MARK.encode() in attempt(guarded, tries.PLAIN + END, place, person)
    for place in ADMIN_PLACES:
        assert ADMIN_MARK.encode() in attempt(guarded, tries.PLAIN + END, place, member)
    assert OPEN_MARK.encode() in attempt(guarded, tries.PLAIN + END, "/open/x")
    guarded.forget()


@pytest.mark.parametrize("text", TRIES.values(), ids=TRIES)
def test_nothing_opens_a_place_to_nobody(guarded: GuardedSite, text: str) -> None:
    for place in PLACES:
        assert_nothing_shown(guarded, attempt(guarded, text, place), place)


@pytest.mark.parametrize("text", TRIES.values(), ids=TRIES)
def test_nothing_opens_the_place_of_a_group_to_a_user(
    guarded: GuardedSite, person: Person, text: str
) -> None:
    for place in ADMIN_PLACES:
        answer = attempt(guarded, text, place, person)
        assert ADMIN_MARK.encode() not in answer, answer
        assert not guarded.admins.heads, guarded.admins.heads
        guarded.forget()


@pytest.mark.parametrize("text", TRIES.values(), ids=TRIES)
def test_an_application_never_gets_another_identity(
    guarded: GuardedSite, person: Person, text: str
) -> None:
    """ASVS 4.1.3: what arrives is what the check said, once, whatever else the client claims."""
    for place in ("/wiki/page", "/base/page", "/kept/page"):
        attempt(guarded, text, place, person)
        for head in guarded.users.heads:
            lines = head.split("\n")[1:]
            users = [line.strip() for line in lines if re.match("(?i)x.auth.user", line)]
            assert users == [f"X-Auth-User: {person.name}"], head
            assert not [line for line in lines if "mallory" in line], head
        guarded.forget()


@pytest.mark.parametrize("method", tries.METHODS, ids=lambda method: method[:10])
def test_no_method_opens_a_place(guarded: GuardedSite, method: str) -> None:
    for place in PLACES:
        text = f"{method} {{p}} HTTP/1.1\r\nHost: {{h}}\r\n{END}"
        assert_nothing_shown(guarded, attempt(guarded, text, place), place)


def test_a_request_in_pieces_is_no_other(guarded: GuardedSite) -> None:
    """Each byte in a TLS record of its own, so that nginx reads and parses each alone."""
    host = f"localhost:{guarded.site.port}"
    text = f"GET /wiki/page HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    answer = wire.burst(guarded.site.port, text.encode(), piece=1)
    assert answer.startswith(b"HTTP/1.1 401 "), answer[:80]
    assert_nothing_shown(guarded, answer, "/wiki/page")
