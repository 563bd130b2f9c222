"""SIGHUP: new settings hold from the next request, wrong ones change nothing, nobody notices."""

from __future__ import annotations

import json
import re
import signal
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support import fastcgi
from support.clock import within_a_second
from support.deployment import CHEAP_HASHING, Deploy, Deployment
from support.events import EventLog
from support.fastcgi import check
from support.reloading import (
    REFUSED,
    RELOADED,
    change,
    new_account,
    post,
    reload,
    short_password,
    ticket,
)
from support.response import Response
from support.waiting import wait_until


def guess(site: Deployment) -> int:
    """The status of the second wrong password for an account."""

    def twice(fields: dict[str, str]) -> list[int]:
        return [post(site, "/login", fields).status for _ in range(2)]

    return within_a_second(lambda: new_account(site), twice)[-1]


def lead(site: Deployment) -> str:
    """Where a login leads that wants to go to another host."""
    fields = new_account(site)
    ticket(site, post(site, "/signup", fields))
    form = f"username={fields['username']}&password={fields['password']}"
    body = f"{form}&next=https%3A%2F%2Fapp.example.org%2Fx".encode()
    kind = {"CONTENT_TYPE": "application/x-www-form-urlencoded", "HTTP_ACCEPT": "text/html"}
    answer = site.ask(fastcgi.route("POST", "/login", body, **kind), body)
    site.secrets.add((answer.session_cookie or "").split(";")[0].partition("=")[2])
    # A page that goes on by itself leads to another host, a redirect to this one.
    found = re.search(r'content="0; url=([^"]*)"', answer.text)
    return found[1] if found else answer.location


def lifetime(site: Deployment) -> str:
    """The Max-Age of a new session's cookie."""
    answer = post(site, "/signup", new_account(site))
    ticket(site, answer)
    return (answer.session_cookie or "").rpartition("=")[2]


def cookie_name(site: Deployment) -> str:
    """The name of the session cookie."""
    return ticket(site, post(site, "/signup", new_account(site))).partition("=")[0]


def live_of_three(site: Deployment) -> int:
    """How many of three sessions of one account live."""
    fields = new_account(site)
    cookies = [ticket(site, post(site, "/signup", fields))]
    cookies += [ticket(site, post(site, "/login", fields)) for _ in range(2)]
    return sum(site.ask(check("user", cookie)).status == 204 for cookie in cookies)


@pytest.mark.parametrize(
    ("setting", "probe", "before", "after"),
    [
        ({"password.minimum": 20}, short_password, 201, 400),
        ({"session.absolute": "2h"}, lifetime, "86400", "7200"),
        ({"session.per-account": 2}, live_of_three, 3, 2),
        ({"throttle.account": 1}, guess, 401, 429),
        ({"cookie.name": "other"}, cookie_name, "__Host-session", "__Host-other"),
        ({"next.hosts": ["app.example.org"]}, lead, "/account", "https://app.example.org/x"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_new_setting_holds_from_the_next_request(
    deploy: Deploy,
    setting: dict[str, Any],
    probe: Callable[[Deployment], Any],
    before: Any,
    after: Any,
) -> None:
    site = deploy(with_gateway=False)
    assert probe(site) == before
    assert "needing_restart" not in change(site, setting)
    assert probe(site) == after
    for key in setting:
        del site.settings[key]
    change(site, {})
    assert probe(site) == before, "a setting that is taken out is the default again"


def test_policies_come_change_and_go_at_once(deploy: Deploy) -> None:
    """ASVS 8.3.2; a policy that is gone lets nobody in."""
    site = deploy(with_gateway=False)
    cookie = ticket(site, post(site, "/signup", new_account(site)))

    def status(policy: str = "readers") -> int:
        return site.ask(check(policy, cookie)).status

    assert status() == 403
    for groups, expected in (([], 204), (["staff"], 403), ([], 204)):
        policy = {"groups": groups} if groups else {"max-age": "1h"}
        change(site, {"policies": {"readers": policy}})
        assert status() == expected
    change(site, {"policies": {"others": {"max-age": "1h"}}})
    assert (status(), status("others"), status("user")) == (403, 204, 204)


def test_sessions_and_counters_outlive_a_reload(deploy: Deploy) -> None:
    """Whoever is logged in stays so, and whoever guesses gains nothing by it."""
    site = deploy({"throttle.account": 2}, with_gateway=False)
    fields = new_account(site)
    cookie = ticket(site, post(site, "/signup", fields))
    wrong = fields | {"password": site.secrets.password()}
    assert [post(site, "/login", wrong).status for _ in range(2)] == [401, 401]
    change(site, {"password.minimum": 9})
    assert site.ask(check("user", cookie)).status == 204
    # The first may come after the delay; had the counters gone, both would be free again.
    assert 429 in [post(site, "/login", wrong).status for _ in range(2)]


def test_the_log_changes_its_form_and_level(deploy: Deploy) -> None:
    site = deploy(with_gateway=False)
    # It answers a moment before it says that it has started.
    wait_until(lambda: "sys_startup" in site.log.read_text(), "the start to be logged")
    log = EventLog(site.log)
    site.settings |= {"log.format": "json", "log.level": "debug"}
    site.rewrite_settings()
    site.process.send_signal(signal.SIGHUP)
    wait_until(lambda: RELOADED in site.log.read_text(), "the settings to be read")
    ticket(site, post(site, "/signup", new_account(site)))
    new = [json.loads(line) for line in log.octets().splitlines()]
    assert [line["event"] for line in new] == [RELOADED, "user_created", "session_created"]
    site.settings |= {"log.format": "logfmt", "log.level": "warning"}
    site.rewrite_settings()
    site.process.send_signal(signal.SIGHUP)
    # What says so is of the level info itself: the cookie tells.
    suspicious = check("user", "__Host-session=short")
    wait_until(
        lambda: site.ask(suspicious).status == 401 and log.octets().startswith(b"time="),
        "the form to change",
    )
    ticket(site, post(site, "/signup", new_account(site)))
    assert log.octets() == b""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("password.minimum: seven\n", "password.minimum"),
        ("password.minimum: 3\n", "8 to 64"),
        ("nonsense: 1\n", "nonsense"),
        ("password: [unclosed\n", "coatcheck.yaml"),
        ("session.idle: 2h\nsession.absolute: 1h\n", "session.idle"),
        ("policies: {user: {groups: [x]}}\n", "policies"),
        ("password.minimum: 20\npassword: {minimum: 20}\n", "twice"),
        ("\x00\x01", "coatcheck.yaml"),
        ("a: \"x\\nlevel=error event=forged\"\n\"b\\nevent=forged\": 1\n", "coatcheck.yaml"),
        (None, "coatcheck.yaml"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_wrong_settings_change_nothing_and_are_said(
    deploy: Deploy, text: str | None, said: str
) -> None:
    """ASVS 16.5.2: neither stopped nor half changed."""
    site = deploy({"password.minimum": 13}, with_gateway=False)
    assert short_password(site) == 400
    site.settings_file.unlink()
    if text is not None:
        # A right setting beside the wrong one is not taken either.
        site.settings_file.write_text("log.level: error\n" + text)
    line = reload(site, event=REFUSED, level="warning")
    assert said in line["reason"], line
    assert site.process.is_running and short_password(site) == 400
    site.settings["password.minimum"] = 8
    change(site, {})
    assert short_password(site) == 201
    assert site.process.stop() == 0


def test_the_environment_still_wins(deploy: Deploy) -> None:
    site = deploy(with_gateway=False, environment={"COATCHECK_PASSWORD_MINIMUM": "13"})
    change(site, {"password.minimum": 8})
    assert short_password(site) == 400


def anonymous_kib(site: Deployment) -> int:
    """The memory that is the program's own, in KiB."""
    text = Path(f"/proc/{site.process.pid}/smaps_rollup").read_text()
    found = re.search(r"^Anonymous: +(\d+) kB$", text, re.MULTILINE)
    assert found
    return int(found[1])


def test_a_reload_keeps_next_to_no_memory(site: Deployment) -> None:
    """What was in force is kept, since a worker may be using it; the templates are not read anew."""
    for _ in range(5):
        reload(site)
    before = anonymous_kib(site)
    for _ in range(40):
        reload(site)
    assert anonymous_kib(site) - before < 40 * 40


def test_reloading_under_load_loses_no_request(deploy: Deploy) -> None:
    """ASVS 15.4.1: checks and logins go on while settings change, right ones and wrong ones."""
    site = deploy({"throttle.network": 100_000} | CHEAP_HASHING, with_gateway=False)
    cookie = ticket(site, post(site, "/signup", new_account(site)))
    # Another account logs in: its many sessions end each other by the limit.
    person = new_account(site)
    ticket(site, post(site, "/signup", person))
    over = threading.Event()
    seen: list[Counter[int]] = []

    def keep(ask: Callable[[], Response]) -> Callable[[], None]:
        def work() -> None:
            mine: Counter[int] = Counter()
            seen.append(mine)
            while not over.is_set():
                answer = ask()
                mine[answer.status] += 1
                if answer.session_cookie:
                    ticket(site, answer)

        return work

    works = [lambda: site.ask(check("user", cookie))] * 4
    works += [lambda: site.ask(check("readers", cookie))] * 2
    works += [lambda: post(site, "/login", person)] * 2
    threads = [threading.Thread(target=keep(work)) for work in works]
    for thread in threads:
        thread.start()
    rounds = 40
    try:
        for number in range(rounds):
            if number % 4 == 3:
                site.settings_file.write_text("nonsense: 1\n")
                reload(site, event=REFUSED)
            else:
                policy = {"max-age": "1h"} if number % 2 else {"groups": ["nobody"]}
                change(site, {"policies": {"readers": policy}, "session.per-account": 50 + number})
        wait_until(
            lambda: all(counter.total() > 5 for counter in seen), "answers to each", timeout=60
        )
    finally:
        over.set()
        for thread in threads:
            thread.join(30)
    total: Counter[int] = sum(seen, Counter())
    assert len(seen) == len(works)
    assert set(total) == {200, 204, 403}, total
    always = [counter for counter in seen if set(counter) == {204}]
    assert len(always) == 4, seen


def test_a_storm_of_signals_ends_with_the_newest_settings(deploy: Deploy) -> None:
    """Signals that come while one is obeyed may fall together; the last one counts."""
    site = deploy(with_gateway=False)
    for number in range(8, 65):
        site.settings["password.minimum"] = number
        site.rewrite_settings()
        for _ in range(5):
            site.process.send_signal(signal.SIGHUP)
    page = fastcgi.route("GET", "/signup", HTTP_ACCEPT="text/html")
    wait_until(lambda: "64 characters" in site.ask(page).text, "the newest settings")
    assert short_password(site) == 400
    site.process.send_signal(signal.SIGHUP)
    assert site.process.stop() == 0, "and SIGTERM right behind one ends it as ever"
