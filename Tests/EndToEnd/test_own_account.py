"""What is held about me as JSON, and deleting my own account."""

from __future__ import annotations

import re
import sqlite3

from support.checks import (
    CLEARED_COOKIE,
    PUBLIC_ID,
    TIME,
    assert_not_cached,
    assert_problem,
    assert_refused,
)
from support.command_line import CommandLine
from support.curl import HTML, NAVIGATION
from support.deployment import Deploy, Deployment, Person
from support.events import EventLog
from support.names import new_address
from support.pages import form_for, links
from support.parallel import at_once, log_in, post, status_of
from support.stale import make_stale
from support.waiting import wait_until

SAME_ORIGIN = NAVIGATION | {"Sec-Fetch-Site": "same-origin"}
# Digests, hashes and tickets: long runs of hexadecimal digits or base64, or the name of a hash.
SECRET = re.compile(r"\$argon2|\$2[aby]\$|[0-9a-fA-F]{32}|[A-Za-z0-9_+/-]{40}")


def dump(site: Deployment) -> str:
    """Everything that the database holds, as text."""
    database = sqlite3.connect(f"file:{site.database}?mode=ro", uri=True, timeout=10)
    text = "\n".join(database.iterdump())
    database.close()
    return text


def test_the_download_holds_what_is_held_and_no_secret(site: Deployment) -> None:
    """What is held about me, by me: account, sessions, known devices, events."""
    address, password = new_address(), site.secrets.password()
    client, second = site.client(), site.client("Mozilla/5.0 (X11; Linux) Firefox/140.0")
    assert client.sign_up(address, password).status == 201
    assert site.client().log_in(address, site.secrets.password()).status == 401
    assert second.log_in(address, password, remember=True).status == 200
    CommandLine(site).do("user", "groups", address, "--add", "staff")
    other = site.person()

    def data() -> dict[str, object]:
        answer = client.get("/account/data", HTML)
        assert (answer.status, answer.media_type) == (200, "application/json")
        assert answer.header("Content-Disposition") == 'attachment; filename="account.json"'
        assert_not_cached(answer)
        found = answer.json()
        # Lines of the trail are written within a second.
        told = {event["event"] for event in found["events"]}
        is_whole = {"authn_login_fail", "authn_login_successafterfail"} <= told
        return dict(found) if is_whole else {}

    found = wait_until(data, "the events")
    assert set(found) == {"account", "sessions", "knownDevices", "events"}
    account = found["account"]
    assert isinstance(account, dict) and PUBLIC_ID.fullmatch(account["id"])
    assert (account["username"], account["email"]) == (address, address)
    assert account["groups"] == ["staff"] and TIME.fullmatch(account["createdAt"])
    sessions, devices, events = found["sessions"], found["knownDevices"], found["events"]
    assert isinstance(sessions, list) and isinstance(devices, list) and isinstance(events, list)
    assert {s["ip"] for s in sessions} == {client.source, second.source}
    assert [s["current"] for s in sessions].count(True) == 1
    assert len(devices) == 2 and all(TIME.fullmatch(d["lastLoginAt"]) for d in devices)
    assert all(TIME.fullmatch(event["at"]) for event in events)
    text = client.get("/account/data").text
    assert not SECRET.search(text), "looks like a secret"
    assert password not in text and other.name not in text and other.client.source not in text
    secrets = list(client.cookies.values()) + list(second.cookies.values())
    assert len(secrets) == 4 and not [secret for secret in secrets if secret in text]


def test_the_download_is_its_owners_alone(site: Deployment, person: Person) -> None:
    """ASVS 8.3.1; the account page leads to it."""
    assert_refused(site.client().get("/account/data"))
    assert site.client().get("/api/account/data").status == 401
    assert person.client.get("/api/account/data").json()["account"]["username"] == person.name
    assert "/account/data" in links(person.client.get("/account", HTML).text)


def test_deleting_ends_every_session_and_the_name_logs_in_no_more(
    site: Deployment, person: Person
) -> None:
    """ASVS 7.4.2 and 6.3.8: gone at once, and then like a name that never was."""
    second, stranger = site.client(), site.person()
    assert second.log_in(person.name, person.password, remember=True).status == 200
    cookies = [person.client.ticket_cookie, second.ticket_cookie]
    user = person.client.get("/me").json()["id"]
    answer = person.client.request("DELETE", "/account")
    assert (answer.status, answer.body) == (204, b"")
    taken = {CLEARED_COOKIE, CLEARED_COOKIE.replace("session", "device")}
    assert set(answer.all("Set-Cookie")) == taken, "both cookies are taken away"
    for cookie in cookies:
        assert {status_of(site, cookie, path) for path in ("/me", "/dashboard")} == {401}
    gone = log_in(site, person.name, person.password)
    never = log_in(site, person.name + "-never", person.password)
    assert (gone.status, gone.body) == (never.status, never.body)
    assert_problem(gone, 401, "invalid-credentials")
    again = site.client()
    assert again.sign_up(person.name, site.secrets.password()).status == 201
    assert again.get("/me").json()["id"] != user
    assert {status_of(site, cookie) for cookie in cookies} == {401}
    assert stranger.client.get("/me").status == 200


def test_the_form_wants_its_box_ticked(site: Deployment, person: Person) -> None:
    page = person.client.get("/account/delete", NAVIGATION)
    form = form_for(page.text, "/account/delete")
    assert page.status == 200 and person.name in page.text and form.types["confirm"] == "checkbox"
    for fields in ({}, {"confirm": ""}):
        refused = person.client.post_form("/account/delete", fields, SAME_ORIGIN)
        assert refused.status == 400 and "Please tick the box" in refused.text
    assert person.client.get("/me").status == 200
    cookie = person.client.ticket_cookie
    answer = person.client.post_form("/account/delete", {"confirm": "on"}, SAME_ORIGIN)
    assert (answer.status, answer.location) == (303, "/login")
    assert status_of(site, cookie) == 401
    assert log_in(site, person.name, person.password).status == 401


def test_deleting_asks_for_the_password_when_it_was_proved_long_ago(
    site: Deployment, person: Person
) -> None:
    """ASVS 7.5.3: step-up; 3.5.1 and 3.5.3: nor by another site, nor by GET."""
    evil = {"Origin": "https://evil.example"}
    refused = person.client.request("DELETE", "/account", headers=evil)
    assert_problem(refused, 403, "cross-origin")
    make_stale(site, person)
    answer = person.client.request("DELETE", "/account")
    assert_problem(answer, 403, "reauthentication-required")
    form = {"confirm": "on"}
    posted = person.client.post_form("/account/delete", form, SAME_ORIGIN)
    shown = person.client.get("/account/delete", NAVIGATION)
    for answer in (posted, shown):
        assert answer.status == 303 and answer.location.startswith("/reauthenticate?next=")
        assert answer.return_path == "/account/delete"
    assert person.client.get("/me").status == 200
    again = {"password": person.password, "next": "/account/delete"}
    renewed = person.client.post_form("/reauthenticate", again, SAME_ORIGIN)
    assert (renewed.status, renewed.location) == (303, "/account/delete")
    assert person.client.get(renewed.location, NAVIGATION).status == 200
    assert person.client.post_form("/account/delete", form, SAME_ORIGIN).status == 303
    assert_refused(person.client.get("/me"))


def test_what_is_left_of_an_account_is_the_trail_under_its_public_id(deploy: Deploy) -> None:
    """ASVS 14.2.7: no name, session or device is kept; the event names the account's id."""
    site = deploy()
    person = site.person()
    user = person.client.get("/me").json()["id"]
    assert person.name in dump(site)
    log = EventLog(site.log)
    assert person.client.request("DELETE", "/account").status == 204
    line, *others = log.new()
    assert (line["event"], line["user"]) == ("user_deleted", user)
    assert [one["event"] for one in others] == ["session_revoked"]
    assert person.name not in dump(site) and person.name.encode() not in site.log.read_bytes()
    database = sqlite3.connect(f"file:{site.database}?mode=ro", uri=True, timeout=10)
    for table in ("users", "account_names", "sessions", "known_devices", "password_links"):
        assert database.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,), table
    database.close()
    trail = CommandLine(site)
    wait_until(
        lambda: user in trail.do("audit", "list", "--event", "user_deleted"), "the audit trail"
    )


def test_a_login_that_crosses_the_deletion_has_no_session(deploy: Deploy) -> None:
    """ASVS 7.4.2 and 15.4.2: nothing of the account is live after it was acknowledged."""
    site = deploy({"password.queue": 15, "throttle.account": 100, "session.per-account": 1000})
    seen = set()
    for _ in range(6):
        person = site.person()
        cookie = person.client.ticket_cookie
        jobs = [lambda person=person: log_in(site, person.name, person.password)] * 8
        jobs.insert(4, lambda c=cookie: site.send("DELETE", "/account", headers={"Cookie": c}))
        answers = at_once(jobs)
        assert answers.pop(4).status == 204
        assert {answer.status for answer in answers} <= {200, 401}
        seen |= {answer.status for answer in answers}
        for answer in answers:
            if answer.session_cookie:
                assert status_of(site, answer.session_cookie.split(";")[0]) == 401
        assert post(site, "/login", {"username": person.name, "password": "x" * 20}).status == 401
    assert 401 in seen, "no race"
