"""Which settings SIGHUP changes and which need a restart: the README's table, key by key."""

from __future__ import annotations

import re
import sqlite3
from typing import Any

from support import fastcgi
from support.deployment import Deploy, Deployment
from support.program import ROOT
from support.reloading import change, new_account, post, ticket
from support.waiting import wait_until


def restart_keys() -> tuple[set[str], set[str]]:
    """The settings that the README says need a restart, and the others."""
    rows = re.findall(r"^\| `([a-z.-]+)` \|.*\| (.*) \|$", (ROOT / "README.md").read_text(), re.M)
    assert len(rows) > 30
    fixed = {key for key, text in rows if text.endswith("Needs a restart.")}
    return fixed, {key for key, _ in rows} - fixed


def other_values(site: Deployment) -> dict[str, Any]:
    """For every setting a value that is allowed and is not the one in force."""
    place = site.folder
    return {
        "socket.path": str(place / "other.sock"), "socket.mode": "0666", "socket.group": "daemon",
        "workers": 3, "storage.path": str(place / "other.db"), "site.url": "https://a.example",
        "storage.url": "postgresql://a.example/b", "storage.connections": 7,
        "sessions.url": "redis://a.example", "sessions.prefix": "other",
        "site.sign-up": False,
        "cookie.name": "a", "cookie.device-name": "b", "cookie.secure": False, "cookie.path": "/",
        "session.absolute": "23h", "session.idle": "7h", "session.remember-absolute": "29d",
        "session.remember-idle": "13d", "session.per-account": 99, "session.fresh": "14m",
        "session.cache": "1M", "session.sweep": "2m", "policies": {"x": {"groups": ["x"]}},
        "password.minimum": 9, "password.memory": 8193, "password.passes": 2, "password.lanes": 1,
        "password.queue": 7, "password.link": "23h", "throttle.account": 9, "throttle.device": 9,
        "throttle.network": 99, "throttle.sign-up": 99, "throttle.longest": "14m",
        "throttle.forget": "23h", "throttle.known-device": "179d", "throttle.capacity": 1000,
        "next.hosts": ["a.example"], "audit.keep": "89d", "log.level": "debug",
        "log.format": "logfmt", "stop.deadline": "9s",
    }  # fmt: skip


def test_settings_that_need_a_restart_are_named_and_keep_their_values(deploy: Deploy) -> None:
    """As the README's table says, key by key."""
    site = deploy(with_gateway=False)
    fixed, loose = restart_keys()
    values, started = other_values(site), dict(site.settings)
    assert set(values) == fixed | loose
    for key in sorted(fixed):
        # It is allowed only beside the other.
        keys = ["storage.url", key] if key == "sessions.url" else [key]
        site.settings = started | {key: values[key] for key in keys}
        assert change(site, {})["needing_restart"] == ",".join(keys)
    site.settings = started | {key: values[key] for key in loose}
    assert "needing_restart" not in change(site, {})
    site.settings = started | values
    said = change(site, {})["needing_restart"].split(",")
    assert set(said) == fixed and len(said) == len(fixed)
    # It still answers where it did, from the same store, with as many workers.
    assert not (site.folder / "other.sock").exists() and not (site.folder / "other.db").exists()
    text = site.ask(fastcgi.route("GET", "/metrics")).text
    assert "\ncoatcheck_workers 16\n" in text
    assert site.process.stop() == 0
    site.socket = site.folder / "other.sock"
    # A shared engine would go before the file, and there is none here.
    del site.settings["storage.url"], site.settings["sessions.url"]
    site.rewrite_settings()
    site.start()
    assert "\ncoatcheck_workers 3\n" in site.ask(fastcgi.route("GET", "/metrics")).text
    assert (site.folder / "other.db").exists()


def test_what_is_kept_for_a_time_follows_a_new_time(deploy: Deploy) -> None:
    """The timers of the store too: counters and known devices (ASVS 14.2.7)."""
    site = deploy({"session.sweep": "1s"}, with_gateway=False)
    fields = new_account(site)
    # A single try is not worth a row.
    assert [post(site, "/login", fields).status for _ in range(2)] == [401, 401]
    ticket(site, post(site, "/signup", new_account(site)))

    def rows(table: str) -> int:
        with sqlite3.connect(site.database, timeout=10) as database:
            found = int(database.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
        database.close()
        return found

    wait_until(lambda: rows("throttle") > 0 and rows("known_devices") == 1, "them to be written")
    with sqlite3.connect(site.database, timeout=10) as database:
        database.execute("UPDATE throttle SET last_try_at = last_try_at - 7200")
        database.execute("UPDATE known_devices SET used_at = used_at - 172800")
    database.close()
    shorter = {"throttle.forget": "1h", "throttle.longest": "1m", "throttle.known-device": "1d"}
    change(site, shorter)
    wait_until(lambda: rows("throttle") == rows("known_devices") == 0, "the sweep", timeout=60)
