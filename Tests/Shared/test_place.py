"""Where the sessions are is remembered with the accounts: what was left behind stays dead."""

from __future__ import annotations

import subprocess

import pytest

from support.command_line import CommandLine
from support.deployment import Deploy, Deployment
from support.machines import Engines
from support.parallel import status_of
from support.program import binary, clean_environment


Place = dict[str, object]


@pytest.fixture
def places(servers: Engines) -> tuple[Place, Place]:
    """The settings of one database: with the sessions in it, and with the sessions in Redis."""
    divided = servers.settings("redis")
    return {"storage.url": divided["storage.url"]}, divided


def point(site: Deployment, place: Place) -> None:
    """Names these engines in the settings, and no others."""
    for key in ("sessions.url", "sessions.prefix"):
        site.settings.pop(key, None)
    site.settings |= place
    site.rewrite_settings()


def restart(site: Deployment, place: Place) -> None:
    """Starts a stopped site with these engines."""
    point(site, place)
    site.start()


def relocate(site: Deployment, place: Place) -> subprocess.CompletedProcess[str]:
    """Lets the sessions be where these settings say."""
    point(site, place)
    return subprocess.run(
        [binary(), "session", "relocate", "--config", site.settings_file],
        capture_output=True,
        text=True,
        timeout=60,
        env=clean_environment(),
    )


def test_settings_that_look_for_the_sessions_elsewhere_are_refused(
    deploy: Deploy, places: tuple[Place, Place]
) -> None:
    here, divided = places
    site = deploy(here, login_burst=10_000)
    person = site.person()
    cookie = person.client.ticket_cookie
    beside = relocate(site, divided)
    assert beside.returncode > 0 and "stop every server" in beside.stderr
    assert site.process.stop() == 0
    with pytest.raises(AssertionError, match="session relocate"):
        restart(site, divided)
    # A command too: it would tell nobody.
    said = CommandLine(site).refused("user", "disable", person.name)
    assert "the sessions of these accounts are in PostgreSQL" in said
    restart(site, here)
    assert status_of(site, cookie) == 200


def test_a_session_that_was_left_behind_does_not_live_again(
    deploy: Deploy, places: tuple[Place, Place]
) -> None:
    """ASVS 7.4.1: not after the way there and back either, in both engines."""
    here, divided = places
    site = deploy(here, login_burst=10_000)
    person = site.person()
    first = person.client.ticket_cookie
    assert site.process.stop() == 0
    moved = relocate(site, divided)
    assert moved.returncode == 0 and "Ended 1 session" in moved.stdout, moved
    restart(site, divided)
    assert status_of(site, first) == 401
    client = site.client()
    assert client.log_in(person.name, person.password).status == 200
    second = client.ticket_cookie
    assert site.process.stop() == 0
    assert relocate(site, here).returncode == 0
    restart(site, here)
    assert status_of(site, first) == 401 and status_of(site, second) == 401
    CommandLine(site).do("user", "disable", person.name)
    assert site.process.stop() == 0
    assert relocate(site, divided).returncode == 0
    restart(site, divided)
    assert [status_of(site, cookie) for cookie in (first, second)] == [401, 401]
    assert site.client().log_in(person.name, person.password).status == 401
