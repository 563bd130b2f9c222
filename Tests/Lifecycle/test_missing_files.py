"""The database's files removed, moved or replaced, before a start and under a running program."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from support import fastcgi
from support.checks import assert_problem, assert_refused
from support.curl import FETCH, NAVIGATION
from support.deployment import Deploy, Deployment, Person
from support.events import EventLog
from support.names import new_name
from support.program import Process, serve_command
from support.prometheus import Scrape
from support.waiting import wait_until

ENDINGS = ["", "-wal", "-shm"]


def failures(site: Deployment) -> float:
    """The metric of storage errors."""
    scrape = Scrape(site.ask(fastcgi.route("GET", "/metrics")).text)
    return scrape.value("coatcheck_events_total", event="storage_failed")


def beside(site: Deployment, ending: str) -> Path:
    """One of the files of the database."""
    return site.database.with_name(site.database.name + ending)


def refused_start(site: Deployment) -> str:
    """Starts the program, which must end with status 1, and returns what it said."""
    log = site.folder / "refused.log"
    process = Process(serve_command(site.settings_file), log)
    assert process.wait() == 1, process.tail()
    return log.read_text()


def assert_nothing_is_done(site: Deployment, person: Person) -> None:
    """Who is known is neither let in nor signed out, and nothing is acknowledged."""
    client = person.client
    # The cache of sessions is left within a fifth of a second.
    wait_until(lambda: client.get("/me").status == 503, "the cache to be left", timeout=5)
    assert client.get("/dashboard", NAVIGATION).status == 500
    assert client.get("/dashboard", FETCH).status == 500
    problem = assert_problem(client.request("POST", "/logout"), 503, "storage-unavailable")
    assert problem["code"] == "io"
    sign_up = site.client().sign_up(new_name(), site.secrets.password())
    assert_problem(sign_up, 503, "storage-unavailable")
    assert_problem(
        site.client().log_in(person.name, person.password), 503, "storage-unavailable"
    )
    assert client.get("/health/ready").status == 503
    assert client.get("/health/live").status == 200


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_file_that_is_moved_away_closes_everything_until_it_is_back(
    deploy: Deploy, ending: str
) -> None:
    """ASVS 16.5.2, with an event and a metric that say so."""
    site = deploy()
    person, log, before = site.person(), EventLog(site.log), failures(site)
    file = beside(site, ending)
    away = file.rename(site.folder / "away")
    assert_nothing_is_done(site, person)
    lines = log.new()
    causes = {line["code"] for line in lines if line["event"] == "storage_failed"}
    assert causes == {"io"}
    assert "change_feed_lost" in [line["event"] for line in lines]
    assert failures(site) > before
    away.rename(file)
    wait_until(lambda: person.client.get("/me").status == 200, "the recovery")
    assert person.client.get("/health/ready").status == 200
    seen: list[str] = []

    def is_back() -> bool:
        seen.extend(line["event"] for line in log.new())
        return "change_feed_back" in seen

    wait_until(is_back, "the feed to be back")
    cookie = person.client.ticket_cookie
    assert person.client.request("POST", "/logout").status == 204
    site.kill()
    site.start()
    assert_refused(site.client().get("/me", {"Cookie": cookie}))


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_file_that_is_removed_closes_everything(deploy: Deploy, ending: str) -> None:
    site = deploy()
    person = site.person()
    beside(site, ending).unlink()
    assert_nothing_is_done(site, person)


def test_a_log_or_index_that_was_removed_costs_nothing_after_a_polite_restart(
    deploy: Deploy,
) -> None:
    """The program still has the log open, and copies it into the database when it stops."""
    site = deploy()
    person = site.person()
    for ending in ("-wal", "-shm"):
        beside(site, ending).unlink()
    site.restart()
    assert person.client.get("/me").status == 200
    assert site.client().log_in(person.name, person.password).status == 200


@pytest.mark.parametrize("end", ["politely", "kill"])
def test_another_database_in_its_place_is_served_after_a_restart_and_not_before(
    deploy: Deploy, end: str
) -> None:
    """A session that ended in the new file must not live on in the old one, or by its log."""
    site = deploy()
    person, other = site.person(), site.person()
    copy = site.folder / "copy.db"
    with closing(sqlite3.connect(site.database)) as old, closing(sqlite3.connect(copy)) as new:
        old.backup(new)
        with new:
            new.execute("DELETE FROM users WHERE username = ?", [person.name])
            # Its pages are not those of the old one.
            new.executemany(
                "INSERT INTO audit (at, event, detail) VALUES (1, 'x', ?)", [("y" * 50,)] * 4000
            )
    # Somebody is reading the old log at that moment.
    with closing(sqlite3.connect(site.database, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM users").fetchone()
        copy.rename(site.database)
        assert_nothing_is_done(site, person)
    log = beside(site, "-wal")
    wait_until(lambda: log.stat().st_size == 0, "the old log to be emptied")
    assert_nothing_is_done(site, other)
    assert log.stat().st_size == 0, "what was refused was written into it"
    if end == "kill":
        site.kill()
    else:
        site.process.stop()
    site.start()
    assert_refused(person.client.get("/me"))
    assert other.client.get("/me").status == 200
    with closing(sqlite3.connect(site.database)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_a_start_without_a_database_makes_an_empty_one(deploy: Deploy) -> None:
    """As the first start does: nobody has a session, and the file is the owner's alone."""
    site = deploy()
    person = site.person()
    site.process.stop()
    site.database.unlink()
    site.start()
    assert_refused(person.client.get("/me"))
    assert site.database.stat().st_mode & 0o777 == 0o600
    assert site.client().sign_up(person.name, site.secrets.password()).status == 201


@pytest.mark.parametrize("left", ["nothing", "an empty file"])
def test_a_log_without_its_database_is_no_fresh_start(deploy: Deploy, left: str) -> None:
    """SQLite would remove the log, which may be all that is left of the accounts."""
    site = deploy()
    person = site.person()
    site.kill()
    away = site.database.rename(site.folder / "away")
    if left == "an empty file":
        site.database.touch(0o600)
    log = beside(site, "-wal")
    content = log.read_bytes()
    said = refused_start(site)
    assert "corrupt" in said and "its database is missing" in said
    assert log.read_bytes() == content
    shutil.move(away, site.database)
    site.start()
    assert person.client.get("/me").status == 200
