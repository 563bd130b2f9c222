"""The session cookie as it comes back: RFC 6265bis, fixation, names over http and https."""

from __future__ import annotations

import base64
import hashlib
import re
import sqlite3

import pytest

from support.checks import assert_refused
from support.curl import HTML, NAVIGATION
from support.deployment import Deploy, Deployment, Person
from support.fastcgi import check, route

UNKNOWN = "A" * 43


def test_two_cookies_of_our_name_are_no_session(site: Deployment, person: Person) -> None:
    """Which of the two is ours cannot be told, so neither is taken (RFC 6265bis 8.8)."""
    good = person.client.ticket_cookie
    bad = f"__Host-session={UNKNOWN}"
    for header in (f"{good}; {bad}", f"{bad}; {good}", f"{good}; {good}", f"{good};{good}"):
        assert_refused(site.client().get("/me", {"Cookie": header}))
        assert site.client().get("/dashboard", {"Cookie": header} | NAVIGATION).status == 303


def test_two_cookie_lines_of_our_name_are_no_session(site: Deployment, person: Person) -> None:
    good = person.client.ticket_cookie
    arguments = ("--http1.1", "--header", f"Cookie: {good}", "--header", f"Cookie: {good}")
    assert_refused(site.client().request("GET", "/me", arguments=arguments))


def test_our_cookie_is_found_among_others(site: Deployment, person: Person) -> None:
    """nginx joins the pieces into which HTTP/2 splits the header."""
    good = person.client.ticket_cookie
    for header in (f"a=1; {good}; b=2", f"a=1;{good}", f"=x; {good}; ;", f'q="a;b"; {good}; c'):
        for version in ("--http1.1", "--http2"):
            answer = site.client().request(
                "GET", "/me", headers={"Cookie": header}, arguments=(version,)
            )
            assert answer.status == 200, f"{version} {answer}"


@pytest.mark.parametrize(
    "value",
    [
        "",
        "A",
        "A" * 42,
        "A" * 44,
        "A" * 5000,
        "A" * 42 + "=",
        "A" * 42 + "+",
        "A" * 42 + "/",
        "A" * 42 + "%41",
        "A" * 42 + "\u00e9",
        "../../../etc/passwd",
        "' OR 1=1 --",
        "null",
    ],
)
def test_a_value_that_is_no_ticket_is_no_session(site: Deployment, value: str) -> None:
    """CS-Session "As user input": length and alphabet are checked before any lookup."""
    assert_refused(site.client().get("/me", {"Cookie": f"__Host-session={value}"}))


def test_variants_of_a_live_ticket_open_nothing(site: Deployment, person: Person) -> None:
    name, _, ticket = person.client.ticket_cookie.partition("=")
    flipped = ticket[:-1] + ("A" if ticket[-1] != "A" else "E")
    # The last character carries 4 bits of the ticket and 2 that must be zero.
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    twin = ticket[:-1] + alphabet[alphabet.index(ticket[-1]) ^ 1]
    values = [flipped, twin, ticket.swapcase(), f'"{ticket}"', f"{ticket}=", f"%20{ticket}"]
    for value in values:
        assert_refused(site.client().get("/me", {"Cookie": f"{name}={value}"}))
    names = ["__host-session", "__HOST-session", "__Host-Session", "session", "__Secure-session"]
    for other in names:
        assert_refused(site.client().get("/me", {"Cookie": f"{other}={ticket}"}))
    assert person.client.get("/me").status == 200


def test_an_unknown_ticket_is_never_adopted(site: Deployment, person: Person) -> None:
    """Session fixation (CS-Session "Strict"): the login makes a ticket of its own."""
    planted = f"__Host-session={UNKNOWN}"
    victim = site.client()
    form = {"username": person.name, "password": person.password}
    answer = victim.post_json("/login", form, {"Cookie": planted})
    assert answer.status == 200
    assert UNKNOWN not in (answer.session_cookie or "")
    assert_refused(site.client().get("/me", {"Cookie": planted}))
    answer = site.client().get("/login", {"Cookie": planted} | HTML)
    assert answer.status == 200
    assert answer.header("Set-Cookie") is None, "no session before a login (ASVS 7.6.2)"


def test_tickets_are_all_different_and_only_their_digests_are_stored(
    site: Deployment, person: Person
) -> None:
    """Promise 1 (ASVS 7.2.3): the database and its log hold no ticket and no password."""
    tickets = []
    for _ in range(5):
        client = site.client()
        client.log_in(person.name, person.password)
        tickets.append(client.ticket_cookie.partition("=")[2])
    assert len(set(tickets)) == 5
    files = [path for path in site.database.parent.iterdir() if path.is_file()]
    stored = b"".join(path.read_bytes() for path in files)
    for ticket in tickets:
        octets = base64.urlsafe_b64decode(ticket + "=")
        assert len(octets) == 32
        assert hashlib.sha256(octets).digest() in stored
        assert octets not in stored and ticket.encode() not in stored
    assert person.password.encode() not in stored
    assert b"$argon2id$" in stored


def test_the_database_is_readable_by_its_owner_only(site: Deployment) -> None:
    for path in site.database.parent.iterdir():
        assert path.stat().st_mode & 0o077 == 0, path.name


def test_a_stolen_database_opens_no_session(site: Deployment, person: Person) -> None:
    """Promise 1: what stands in the store is not what the cookie must hold."""
    with sqlite3.connect(site.database) as database:
        keys = [row[0] for row in database.execute("SELECT key FROM sessions LIMIT 20")]
    assert keys
    for key in keys:
        text = base64.urlsafe_b64encode(key).decode().rstrip("=")
        assert_refused(site.client().get("/me", {"Cookie": f"__Host-session={text}"}))


def test_over_plain_http_on_loopback_the_name_is_session(deploy: Deploy) -> None:
    """`cookie.secure: false`: no prefix, no Secure, everything else as ever."""
    deployment = deploy({"cookie.secure": False}, with_gateway=False)
    password = deployment.secrets.password()
    body = f'{{"username":"plain","password":"{password}"}}'.encode()
    answer = deployment.ask(route("POST", "/signup", body, HTTPS=""), body)
    assert answer.status == 201, str(answer)
    cookie = answer.session_cookie or ""
    match = re.fullmatch(
        r"session=([\w-]{43}); Path=/; HttpOnly; SameSite=Lax; Max-Age=86400", cookie
    )
    assert match
    deployment.secrets.add(match.group(1))
    header = f"session={match.group(1)}"
    assert deployment.ask(route("GET", "/me", HTTPS="", HTTP_COOKIE=header)).status == 200
    assert deployment.ask(check("user", header, HTTPS="")).status == 204


def test_another_name_and_lifetime_come_from_the_settings(deploy: Deploy) -> None:
    deployment = deploy({"cookie.name": "cloak", "session.absolute": "12h"}, with_gateway=False)
    password = deployment.secrets.password()
    body = f'{{"username":"named","password":"{password}"}}'.encode()
    answer = deployment.ask(route("POST", "/signup", body), body)
    cookie = answer.session_cookie or ""
    assert re.fullmatch(
        r"__Host-cloak=[\w-]{43}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=43200", cookie
    )
