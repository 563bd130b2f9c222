"""Tries at the guard over HTTP/2: fields that HTTP/1.1 cannot have, and frames out of order."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from support import http2
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
from support.tries_http2 import FIELDS, FRAMES, GET, OPEN, POST_OPEN, Fields

# A file, a place behind an application by either protocol, and one with kept connections.
SOME_PLACES = ("/dashboard", "/wiki/page", "/kept/page", "/app/page")


def filled(guarded: GuardedSite, fields: Fields, place: str, cookie: str = "") -> Fields:
    """Fields with the place and the host in them."""
    host = f"localhost:{guarded.site.port}"
    values = [(n, v.replace("{p}", place).replace("{h}", host)) for n, v in fields]
    return [*values, ("cookie", cookie)] if cookie else values


@pytest.fixture(scope="module")
def person(guarded: GuardedSite) -> Person:
    """Somebody who is in no group."""
    return guarded.site.person()


def test_each_place_shows_its_mark_over_http2(guarded: GuardedSite, person: Person) -> None:
    """Without this the tries below would prove nothing. The cookie comes in crumbs, as it may."""
    for place in USER_PLACES:
        fields = filled(guarded, [*GET, ("cookie", "a=b")], place, person.client.ticket_cookie)
        heard = http2.exchange(guarded.site.port, http2.request(fields))
        assert heard.statuses == {1: 200} and USER_MARK.encode() in heard.octets, place
    heard = http2.exchange(guarded.site.port, http2.request(filled(guarded, OPEN, "")))
    assert OPEN_MARK.encode() in heard.octets
    guarded.forget()


@pytest.mark.parametrize("fields", FIELDS.values(), ids=FIELDS)
def test_no_fields_open_a_place(guarded: GuardedSite, fields: Fields) -> None:
    for place in PLACES:
        heard = http2.exchange(guarded.site.port, http2.request(filled(guarded, fields, place)))
        assert_nothing_shown(guarded, heard.octets, place)


@pytest.mark.parametrize("fields", FIELDS.values(), ids=FIELDS)
def test_no_body_opens_a_place(guarded: GuardedSite, fields: Fields) -> None:
    body = b"GET /wiki/page HTTP/1.1\r\nHost: localhost\r\n\r\n"
    for place in SOME_PLACES:
        frames = http2.request(filled(guarded, fields, place), body)
        heard = http2.exchange(guarded.site.port, frames)
        assert_nothing_shown(guarded, heard.octets, place)


@pytest.mark.parametrize("fields", FIELDS.values(), ids=FIELDS)
def test_no_fields_give_a_user_a_group_or_another_name(
    guarded: GuardedSite, person: Person, fields: Fields
) -> None:
    """ASVS 4.1.3."""
    for place in (*ADMIN_PLACES, "/wiki/page", "/kept/page"):
        frames = http2.request(filled(guarded, fields, place, person.client.ticket_cookie))
        heard = http2.exchange(guarded.site.port, frames)
        assert ADMIN_MARK.encode() not in heard.octets
        assert not guarded.admins.heads, guarded.admins.heads
        for head in guarded.users.heads:
            assert head.count(f"X-Auth-User: {person.name}\r\n") == 1, head
            assert "mallory" not in head, head
        guarded.forget()


@pytest.mark.parametrize("frames", FRAMES.values(), ids=FRAMES)
def test_no_order_of_frames_opens_a_place(
    guarded: GuardedSite, frames: Callable[[bytes, bytes, bytes], bytes]
) -> None:
    for place in SOME_PLACES:
        wanted: list[Fields] = [GET, POST_OPEN, [(":path", "{p}")]]
        blocks = [http2.block(filled(guarded, fields, place)) for fields in wanted]
        heard = http2.exchange(guarded.site.port, frames(*blocks), timeout=1)
        assert_nothing_shown(guarded, heard.octets, place)
    fine = http2.exchange(guarded.site.port, http2.request(filled(guarded, OPEN, "")))
    assert fine.statuses == {1: 200}, "the site goes on"
    guarded.forget()


def test_streams_of_one_connection_are_judged_each_by_itself(
    guarded: GuardedSite, person: Person
) -> None:
    """The same connection carries somebody's request, nobody's, and one for everybody."""
    mine = filled(guarded, GET, "/wiki/page", person.client.ticket_cookie)
    frames = b"".join(
        http2.request(fields, stream=number)
        for number, fields in (
            (1, mine),
            (3, filled(guarded, GET, "/wiki/page")),
            (5, filled(guarded, OPEN, "")),
            (7, filled(guarded, GET, "/staff", person.client.ticket_cookie)),
            (9, mine),
        )
    )
    heard = http2.exchange(guarded.site.port, frames, streams=5)
    assert heard.statuses == {1: 200, 3: 401, 5: 200, 7: 403, 9: 200}
    assert len(guarded.users.heads) == 2
    guarded.forget()
