"""Fixtures of the tests through nginx."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.command_line import administrator
from support.deployment import Deployment, Person
from support.events import EventLog
from support.guarded import GuardedSite, guarded_site
from support.watched import SETTINGS, Watched


@pytest.fixture(scope="package")
def watched(tools: None) -> Iterator[Watched]:
    """One site for all tests of single events, which follow each other."""
    with Deployment(SETTINGS, login_burst=10_000) as site:
        yield Watched(site, EventLog(site.log), administrator(site))


@pytest.fixture
def someone(watched: Watched) -> Person:
    """Somebody who has just signed up at the watched site; the log is read up to there."""
    person = watched.site.person()
    watched.log.new()
    return person


@pytest.fixture(scope="package")
def guarded(tools: None) -> Iterator[GuardedSite]:
    """One site with guarded places of every kind."""
    with guarded_site() as site:
        yield site
