"""The sessions that people see and end: /sessions and the account page."""

from __future__ import annotations

import html
import http.client
import re
import secrets
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime

import pytest

from support import wire
from support.checks import (
    CLEARED_COOKIE,
    PUBLIC_ID,
    TIME,
    assert_not_cached,
    assert_problem,
    assert_refused,
)
from support.curl import HTML, NAVIGATION, Curl
from support.deployment import Deploy, Deployment, Person
from support.pages import actions
from support.parallel import at_once, status_of

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CHROME = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/131.0.0.0 Mobile Safari/537.36"
)
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1"
)
EDGE = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0"
)
DEVICES = {
    FIREFOX: "Firefox on Linux",
    CHROME: "Chrome on Android",
    SAFARI: "Safari on iPhone",
    EDGE: "Edge on Windows",
    "curl/8.5.0": "curl",
    "<script>alert(1)</script>": "Unknown device",
}
MEMBERS = {
    *("id", "createdAt", "lastSeenAt", "expiresAt", "idleExpiresAt", "ip", "userAgent"),
    *("device", "remembered", "current"),
}
# The number of the request, which every error page shows.
REFERENCE = re.compile(r"[0-9a-f]{32}")
SAME_ORIGIN = NAVIGATION | {"Sec-Fetch-Site": "same-origin"}
HOUR, DAY = 3600, 86400


def seconds(session: dict[str, str], start: str, end: str) -> float:
    """The time between two members of a session."""
    for name in (start, end):
        assert TIME.fullmatch(session[name]), session
    at = [datetime.fromisoformat(session[name].replace("Z", "+00:00")) for name in (start, end)]
    return (at[1] - at[0]).total_seconds()


def another(site: Deployment, person: Person, agent: str | None = None, **more: bool) -> Curl:
    """One more client on which somebody is logged in."""
    client = site.client(agent)
    assert client.log_in(person.name, person.password, **more).status == 200
    return client


def session_id(client: Curl) -> str:
    """The public id of a client's session."""
    return str(client.get("/me").json()["session"]["id"])


def delete(client: Curl, path: str) -> int:
    """DELETE, as a program does it."""
    return client.request("DELETE", path).status


@pytest.mark.parametrize("path", ["/sessions", "/api/sessions"])
def test_every_live_session_is_listed_with_all_that_is_known(
    site: Deployment, person: Person, path: str
) -> None:
    """ASVS 7.5.2: the list; limits as documented (7.1.1); no ticket in it (3.3.4)."""
    clients = [person.client, another(site, person), another(site, person, remember=True)]
    site.person()
    for mine in clients:
        answer = mine.get(path)
        assert (answer.status, answer.media_type) == (200, "application/json")
        assert_not_cached(answer)
        listed = {session["id"]: session for session in answer.json()}
        assert set(listed) == {session_id(client) for client in clients}
        assert len(answer.json()) == 3
        for client in clients:
            session = listed[session_id(client)]
            assert set(session) == MEMBERS and PUBLIC_ID.fullmatch(session["id"])
            assert session["ip"] == client.source
            assert session["current"] is (client is mine)
            remembered = client is clients[2]
            assert session["remembered"] is remembered
            absolute, idle = (30 * DAY, 14 * DAY) if remembered else (DAY, 8 * HOUR)
            assert seconds(session, "createdAt", "expiresAt") == absolute
            assert seconds(session, "lastSeenAt", "idleExpiresAt") == idle
            assert 0 <= seconds(session, "createdAt", "lastSeenAt") < 60
            assert client.ticket_cookie.partition("=")[2] not in answer.text


def test_devices_are_named_in_words_a_person_uses(site: Deployment, person: Person) -> None:
    """ASVS 7.5.2 and 1.2.1: known browsers by name, anything else as text and never as markup."""
    clients = [another(site, person, agent) for agent in DEVICES]
    listed = {s["userAgent"]: s["device"] for s in clients[0].get("/sessions").json()}
    assert {agent: listed[agent] for agent in DEVICES} == DEVICES
    page = clients[0].get("/account", HTML).text
    for name in DEVICES.values():
        assert f">{name}</h3>" in page, name
    assert "<script>" not in page


def test_the_account_page_lists_the_same_with_a_button_for_each_other(
    site: Deployment, person: Person
) -> None:
    """ASVS 7.5.2: people see address, beginning, last use and limits, and which one is this."""
    alone = person.client.get("/account", HTML).text
    assert "/sessions/end-others" not in actions(alone), "nothing to end"
    second = another(site, person, FIREFOX, remember=True)
    page = person.client.get("/account", HTML).text
    listed = {s["id"]: s for s in person.client.get("/sessions").json()}
    assert page.count("This device") == 1
    ends = {action for action in actions(page) if action.startswith("/sessions/")}
    assert ends == {f"/sessions/{session_id(second)}/end", "/sessions/end-others"}
    assert page.index(f'id="device-{session_id(person.client)}"') < page.index("This device")
    assert page.index("This device") < page.index(f'id="device-{session_id(second)}"')
    text = html.unescape(page)
    for session in listed.values():
        assert session["ip"] in text
        for member in ("createdAt", "expiresAt", "idleExpiresAt"):
            assert f'datetime="{session[member]}"' in text, member
    assert text.count(", remembered") == 1
    assert f'datetime="{listed[session_id(second)]["lastSeenAt"]}"' in text


def test_the_address_is_that_of_the_connection(site: Deployment, person: Person) -> None:
    """ASVS 15.3.4: what a client says about its address is not looked at."""
    names = [
        *("X-Forwarded-For", "X-Real-IP", "True-Client-IP", "CF-Connecting-IP", "X-Client-IP"),
        *("X-Cluster-Client-IP", "X-Originating-IP", "Client-IP", "Remote-Addr", "REMOTE_ADDR"),
    ]
    said = {name: "203.0.113.7" for name in names} | {"Forwarded": "for=203.0.113.7"}
    client = site.client()
    credentials = {"username": person.name, "password": person.password}
    assert client.post_json("/login", credentials, said).status == 200
    answer = client.get("/sessions", said)
    assert {s["ip"] for s in answer.json()} == {client.source, person.client.source}
    assert "203.0.113.7" not in answer.text + client.get("/account", HTML | said).text


def end_one(client: Curl, other: str) -> None:
    assert delete(client, f"/sessions/{other}") == 204


def end_others(client: Curl, _: str) -> None:
    assert delete(client, "/sessions") == 204


def end_one_by_form(client: Curl, other: str) -> None:
    answer = client.post_form(f"/sessions/{other}/end", {}, SAME_ORIGIN)
    assert (answer.status, answer.location) == (303, "/account?done=session")
    assert "The session was ended." in client.get(answer.location, HTML).text


def end_others_by_form(client: Curl, _: str) -> None:
    answer = client.post_form("/sessions/end-others", {}, SAME_ORIGIN)
    assert (answer.status, answer.location) == (303, "/account?done=others")
    assert "All other sessions were ended." in client.get(answer.location, HTML).text


WAYS = [end_one, end_others, end_one_by_form, end_others_by_form]
End = Callable[[Curl, str], None]


@pytest.mark.parametrize("end", WAYS)
def test_an_end_holds_at_the_next_request_on_every_connection(
    site: Deployment, person: Person, end: End
) -> None:
    """ASVS 7.4.1 and 7.5.2: many connections that have just been let in are refused at once."""
    lost, stranger = another(site, person), site.person()
    headers = {"Cookie": lost.ticket_cookie}
    with ExitStack() as stack:
        connections = []
        for _ in range(24):
            connection = http.client.HTTPSConnection(
                "127.0.0.1", site.port, timeout=30, context=wire.TLS
            )
            stack.callback(connection.close)
            connections.append(connection)

        def ask(connection: http.client.HTTPSConnection, path: str) -> int:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status

        paths = ["/me", "/dashboard", "/sessions"] * 8
        jobs = [lambda c=c, p=p: ask(c, p) for c, p in zip(connections, paths, strict=True)]
        assert at_once(jobs) == [200] * 24
        end(person.client, session_id(lost))
        assert at_once(jobs) == [401] * 24
    assert lost.get("/dashboard", NAVIGATION).location.startswith("/login?next=")
    assert [s["id"] for s in person.client.get("/sessions").json()] == [session_id(person.client)]
    assert stranger.client.get("/me").status == 200


@pytest.mark.parametrize("end", WAYS)
def test_an_acknowledged_end_survives_a_kill(deploy: Deploy, end: End) -> None:
    """ASVS 7.4.1: it is on the disk before it is acknowledged."""
    site = deploy()
    person = site.person()
    lost, kept = another(site, person), site.person()
    cookie, identifier = lost.ticket_cookie, session_id(lost)
    end(person.client, identifier)
    site.kill()
    site.start()
    assert status_of(site, cookie) == 401
    assert status_of(site, cookie, "/dashboard") == 401
    assert person.client.get("/me").status == 200
    assert kept.client.get("/me").status == 200


def test_all_others_are_ended_and_nobody_elses(site: Deployment, person: Person) -> None:
    """ASVS 7.4.3: end all others."""
    others = [another(site, person, remember=bool(n % 2)) for n in range(6)]
    stranger = site.person()
    end_others(person.client, "")
    for client in others:
        assert_refused(client.get("/me"))
    assert [s["current"] for s in person.client.get("/sessions").json()] == [True]
    assert stranger.client.get("/me").status == 200
    assert delete(person.client, "/sessions") == 204, "nothing left to end is no error"


def test_ending_the_session_that_asks_is_a_logout(site: Deployment, person: Person) -> None:
    cookie = person.client.ticket_cookie
    answer = person.client.request("DELETE", f"/sessions/{session_id(person.client)}")
    assert (answer.status, answer.session_cookie) == (204, CLEARED_COOKIE)
    assert_refused(site.client().get("/me", {"Cookie": cookie}))


def test_ids_that_are_not_mine_are_404_alike(site: Deployment, person: Person) -> None:
    """ASVS 8.3.1: somebody else's session is as if absent, whatever is wrong with the id."""
    stranger, ended = site.person(), another(site, person)
    foreign, gone = session_id(stranger.client), session_id(ended)
    end_one(person.client, gone)
    ids = [
        *(foreign, gone, secrets.token_urlsafe(16), "x", "A" * 21, "A" * 23, "A" * 5000, "0"),
        *("A" * 21 + "!", "A" * 20 + "%2F", "A" * 21 + "%0A", foreign.swapcase()),
        *(f"{foreign}%20", "%C3%A9" * 11, "6f1a9c3e-0000-4000-8000-000000000000", "*"),
    ]
    problems, pages = set(), set()
    for identifier in ids:
        answer = person.client.request("DELETE", f"/sessions/{identifier}")
        assert_problem(answer, 404, "not-found")
        problems.add(answer.body)
        form = person.client.post_form(f"/sessions/{identifier}/end", {}, SAME_ORIGIN)
        assert (form.status, form.media_type) == (404, "text/html"), identifier
        pages.add(REFERENCE.sub("", form.text))
    assert (len(problems), len(pages)) == (1, 1)
    for client in (person.client, stranger.client):
        assert client.get("/me").status == 200


def test_nothing_ends_by_get_or_without_a_session(site: Deployment, person: Person) -> None:
    """ASVS 3.5.3: state changes never by GET; 8.3.1: nor for a visitor."""
    identifier = session_id(person.client)
    for path in (f"/sessions/{identifier}", f"/sessions/{identifier}/end", "/sessions/end-others"):
        assert person.client.get(path).status in (404, 405)
    visitor = site.client()
    for method, path in [
        ("GET", "/sessions"),
        ("DELETE", "/sessions"),
        ("DELETE", f"/sessions/{identifier}"),
        ("POST", f"/sessions/{identifier}/end"),
        ("POST", "/sessions/end-others"),
    ]:
        assert_refused(visitor.request(method, path))
    assert session_id(person.client) == identifier
