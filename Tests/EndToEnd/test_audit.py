"""The audit trail: the same events as the log, in OWASP's words, kept for a time and no longer."""

from __future__ import annotations

import json
import sqlite3
import time
from typing import Any

import pytest

from support import fastcgi
from support.checks import TIME
from support.clock import within_a_second
from support.command_line import CommandLine, administrator
from support.curl import NAVIGATION
from support.deployment import Deploy, Deployment, Person
from support.events import lines, parse_logfmt
from support.guessing import guess
from support.names import new_address, new_name
from support.waiting import wait_until

MEMBERS = ["time", "event", "user", "by", "session", "address", "request", "detail"]
# What a crash can lose of the trail (a second), and a margin for a busy machine.
LOSS = 1.0
MARGIN = 1.0
# CS-Log's vocabulary, as far as the program has such events.
OWASP = {
    "authn_login_success", "authn_login_successafterfail", "authn_login_fail", "authn_login_lock",
    "authn_password_change", "authn_token_reuse", "authz_fail", "session_created",
    "session_renewed", "session_logout", "excess_sessions_exceeded", "malicious_csrf",
    "user_created", "user_updated", "user_deleted", "privilege_permissions_changed",
    "sys_startup",
}  # fmt: skip


class Trail:
    """The audit trail of a site, as its command shows it."""

    def __init__(self, site: Deployment) -> None:
        self.console = CommandLine(site)

    def rows(self, *options: str) -> list[dict[str, Any]]:
        """Its lines, the newest first."""
        printed = self.console.do("audit", "list", "--limit", "10000", "--json", *options)
        return [json.loads(line) for line in printed.splitlines()]

    def wait_for(self, event: str, number: int = 1) -> list[dict[str, Any]]:
        """Waits until so many lines of a name are there, and returns everything."""

        def found() -> list[dict[str, Any]]:
            rows = self.rows()
            return rows if sum(row["event"] == event for row in rows) >= number else []

        return wait_until(found, f"{number} of {event} in the audit trail", timeout=30)

    def wait_for_this(self, event: str, person: Person) -> None:
        """Waits until a line is there that nobody but this person can have made."""
        asked = ("--user", person.name, "--event", event)
        wait_until(lambda: self.rows(*asked), f"{event} of a person in the audit trail", timeout=30)


def person_id(person: Person) -> str:
    """The public id of somebody who is logged in."""
    return str(person.client.get("/me").json()["id"])


def a_lively_day(site: Deployment) -> Person:
    """Does what makes each event of OWASP's vocabulary; returns the administrator."""
    admin, person = administrator(site), site.person()
    user = person_id(person)
    old, guest = {"Cookie": person.client.ticket_cookie}, site.client()
    assert guest.log_in(person.name, site.secrets.password()).status == 401
    assert guest.log_in(person.name, person.password).status == 200
    assert site.client().log_in(person.name, person.password).status == 200
    assert person.client.log_in(person.name, person.password).status == 200
    assert site.client().get("/me", old).status == 401
    assert person.client.get("/staff", NAVIGATION).status == 403
    evil = {"Origin": "https://evil.example"}
    assert person.client.request("POST", "/logout", headers=evil).status == 403
    new = site.secrets.password()
    change = {"current": person.password, "new": new}
    assert person.client.post_json("/password", change).status == 204
    assert person.client.request("POST", "/logout").status == 204

    def guesses(name: str) -> list[int]:
        return [guess(site, name).status for _ in range(3)]

    assert within_a_second(new_name, guesses) == [401, 401, 429]
    for body in ({"groups": ["x"]}, {"disabled": True}):
        assert admin.client.request("PATCH", f"/users/{user}", json=body).status == 200
    assert admin.client.request("DELETE", f"/users/{user}").status == 204
    return admin


def test_the_trail_holds_what_the_log_holds_in_owasps_words(deploy: Deploy) -> None:
    """ASVS 16.2.1 to 16.2.4 and 16.3.1; CS-Log's vocabulary."""
    site = deploy({"log.level": "debug", "throttle.account": 2, "session.per-account": 2})
    a_lively_day(site)
    rows = Trail(site).wait_for("user_deleted")
    assert all(list(row) == MEMBERS and TIME.fullmatch(row["time"]) for row in rows)
    assert [row["time"] for row in rows] == sorted((r["time"] for r in rows), reverse=True)
    served = [row for row in rows if row["address"] != "console"]
    assert OWASP <= {row["event"] for row in rows}
    logged = [parse_logfmt(line) for line in lines(site.log.read_bytes())]
    logged = [line for line in logged if line["event"] != "foreign_changes_seen"]
    assert len(served) == len(logged)
    for row, line in zip(reversed(served), logged, strict=True):
        columns = {name: line.pop(name, None) for name in MEMBERS if name != "detail"}
        line.pop("level")
        assert columns == {name: row[name] for name in columns}
        assert (parse_logfmt(row["detail"]) if row["detail"] else {}) == line


@pytest.fixture(scope="module")
def trail(site: Deployment) -> Trail:
    """The trail of the shared site."""
    return Trail(site)


def test_the_trail_can_be_asked_about_one_account(site: Deployment, trail: Trail) -> None:
    """By name, email address or id, whatever was done to it and by it, also once it is gone."""
    admin, other = administrator(site), site.person()
    address, password = new_address(), site.secrets.password()
    client = site.client()
    assert client.sign_up(address, password).status == 201
    user, by = str(client.get("/me").json()["id"]), person_id(admin)
    path = f"/users/{user}"
    assert admin.client.request("PATCH", path, json={"groups": ["x"]}).status == 200
    assert other.client.request("POST", "/logout").status == 204
    trail.wait_for_this("session_logout", other)
    expected = ["privilege_permissions_changed", "session_created", "user_created"]
    for name in (address, address.upper(), user):
        rows = trail.rows("--user", name)
        assert [row["event"] for row in rows] == expected
        assert {row["user"] for row in rows} == {user}
    # What the administrator brought about stands under both names.
    rows = trail.rows("--user", admin.name)
    assert {row["user"] for row in rows} == {user, by}
    assert [row["by"] for row in rows if row["user"] == user] == [by]
    (row,) = trail.rows("--user", user, "--event", "privilege_permissions_changed")
    assert (row["by"], row["address"], row["detail"]) == (by, admin.client.source, "added=x")
    assert admin.client.request("DELETE", path).status == 204
    wait_until(lambda: len(trail.rows("--user", user)) > 4, "the deletion in the trail")
    rows = trail.rows("--user", user)
    assert {row["event"] for row in rows} == {*expected, "user_deleted", "session_revoked"}
    assert trail.rows("--user", address) == [], "a name that is gone is nobody's"


def test_names_of_events_and_limits_are_filters(site: Deployment, trail: Trail) -> None:
    for _ in range(3):
        last = site.person()
    trail.wait_for_this("user_created", last)
    rows = trail.rows("--event", "user_created")
    assert len(rows) >= 3 and {row["event"] for row in rows} == {"user_created"}
    assert trail.rows("--event", "user_created", "--limit", "2") == rows[:2]
    assert trail.rows("--event", "user_creat") == []
    assert trail.rows("--event", "' OR 1=1 --") == []
    assert trail.rows("--user", "%") == []
    plain = trail.console.do("audit", "list", "--event", "user_created", "--limit", "1")
    when, name, fields = plain.rstrip("\n").split(" ", 2)
    assert (when, name) == (rows[0]["time"], "user_created")
    assert parse_logfmt(fields) == {k: rows[0][k] for k in ("user", "address")}


def test_what_the_command_line_does_is_in_the_trail(site: Deployment, trail: Trail) -> None:
    """ASVS 16.2.1: operators too are named, by the account that they use."""
    name = new_name()
    given = site.secrets.password() + "\n"
    trail.console.do("user", "add", name, given=given)
    trail.console.do("user", "groups", name, "--add", "x")
    trail.console.do("user", "passwd", name, given=site.secrets.password() + "\n")
    trail.console.do("user", "disable", name)
    rows = trail.rows("--user", name)
    assert [row["event"] for row in rows] == [
        "user_updated",
        "authn_password_change",
        "privilege_permissions_changed",
        "user_created",
    ]
    assert {row["address"] for row in rows} == {"console"}
    assert all(row["by"].startswith("console:") for row in rows), rows


def test_lines_are_kept_for_their_time_and_then_gone(deploy: Deploy) -> None:
    """ASVS 14.2.7: the trail and the addresses in it have an end."""
    site = deploy({"audit.keep": "1h", "session.sweep": "1s"})
    old, trail = site.person(), Trail(site)
    trail.wait_for("user_created")
    for seconds, is_kept in ((3500, True), (150, False)):
        with sqlite3.connect(site.database, timeout=10) as database:
            database.execute("UPDATE audit SET at = at - ?", [seconds])
        database.close()
        young = site.person()
        trail.wait_for("user_created", 1)
        if not is_kept:
            wait_until(lambda: not trail.rows("--user", person_id(old)), "the sweep", timeout=30)
        assert bool(trail.rows("--user", person_id(old))) == is_kept
        wait_until(lambda: trail.rows("--user", person_id(young)), "the new lines", timeout=30)
    assert old.client.source.encode() not in b"".join(
        row["address"].encode() for row in trail.rows() if row["address"]
    )


def test_a_crash_loses_a_second_of_the_trail_at_most(deploy: Deploy) -> None:
    """What was done longer ago is there after kill -9; a polite stop loses nothing."""
    site = deploy()
    trail, done = Trail(site), []
    end = time.monotonic() + LOSS + MARGIN + 1
    while time.monotonic() < end:
        person = site.person()
        done.append((time.monotonic(), person_id(person)))
    killed = time.monotonic()
    site.kill()
    site.start()
    kept = {row["user"] for row in trail.rows("--event", "user_created")}
    old = {user for when, user in done if killed - when > LOSS + MARGIN}
    assert old and old <= kept
    assert person.client.get("/me").status == 200, "accounts themselves lose nothing"
    last = person_id(site.person())
    site.restart()
    assert last in {row["user"] for row in trail.rows("--event", "user_created")}
    assert {"sys_startup", "sys_shutdown"} <= {row["event"] for row in trail.rows()}


def test_a_flood_fills_neither_log_nor_trail(deploy: Deploy) -> None:
    """Of what anybody can cause so much is written, and the rest is counted in the next line."""
    site = deploy()
    number = 2000
    check = fastcgi.check("user", "__Host-session=short")
    start = time.monotonic()
    for _ in range(number):
        assert site.ask(check).status == 401
    spans = int((time.monotonic() - start) / 10) + 2
    found = [parse_logfmt(line) for line in lines(site.log.read_bytes())]
    flood = [line for line in found if line["event"] == "suspicious_cookie"]
    assert 100 <= len(flood) <= 100 * spans
    person = site.person()
    wait_until(
        lambda: Trail(site).rows("--user", person.name), "a line behind the flood", timeout=30
    )
    rows = Trail(site).rows("--event", "suspicious_cookie")
    assert 100 <= len(rows) <= 100 * spans
