"""Reads, writes and waits for the disk that fail with EIO, as those of a dying disk do.

A commit whose wait for the disk failed has not happened: nothing of it may be believed, and it must
not come back either.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.checks import assert_problem
from support.curl import FETCH
from support.deployment import Deploy, Deployment
from support.faults import Load, Watch
from support.faulty import Switches
from support.names import new_name
from support.waiting import wait_until

ROUNDS = 12


@pytest.fixture
def switches(tmp_path: Path) -> Switches:
    """The switches of a disk that can fail."""
    return Switches(tmp_path)


@pytest.fixture
def site(switches: Switches, deploy: Deploy) -> Iterator[Deployment]:
    """A site on that disk."""
    yield deploy(environment=switches.environment, login_burst=10_000)


# SQLite itself calls a read that fails with EIO a damaged database.
CODES = {"reading": "corrupt", "writing": "io", "waiting": "io"}


@pytest.mark.parametrize("kind", CODES)
def test_a_disk_that_fails_under_load(site: Deployment, switches: Switches, kind: str) -> None:
    watch = Watch(site)
    with Load(site) as load:
        load.wait_for_work()
        with switches.failing(kind):
            load.wait_for_refusals(30)
            watch.expect("storage_failed", code=CODES[kind])
            assert site.send("GET", "/health/ready").status == 503
            assert switches.failed(kind) > 0
        load.wait_for_work()
    wait_until(lambda: site.send("GET", "/health/ready").status == 200, "readiness")
    load.verify()


def standing(site: Deployment, cookie: str) -> tuple[int, int]:
    """How the session is seen: by the store's own route and by the check of a guarded page."""
    me = site.send("GET", "/me", headers={"Cookie": cookie}).status
    return me, site.send("GET", "/dashboard", headers=FETCH | {"Cookie": cookie}).status


def test_a_logout_that_did_not_reach_the_disk_is_refused_and_stays_refused(
    site: Deployment, switches: Switches
) -> None:
    """The file holds the failed commit whole; after kill -9 SQLite would find it there."""
    for _ in range(ROUNDS):
        person = site.person()
        cookie = person.client.ticket_cookie
        with switches.failing("waiting"):
            answer = person.client.request("POST", "/logout")
            assert_problem(answer, 503, "storage-unavailable")
        assert standing(site, cookie) == (200, 200)
        site.kill()
        site.start()
        assert standing(site, cookie) == (200, 200)
        assert person.client.request("POST", "/logout").status == 204
        assert standing(site, cookie) == (401, 401)


def test_a_sign_up_that_did_not_reach_the_disk_leaves_the_name_free(
    site: Deployment, switches: Switches
) -> None:
    for _ in range(ROUNDS):
        client, name, password = site.client(), new_name(), site.secrets.password()
        with switches.failing("waiting"):
            assert_problem(client.sign_up(name, password), 503, "storage-unavailable")
        site.kill()
        site.start()
        assert client.sign_up(name, password).status == 201
        assert client.get("/me").status == 200


def test_what_follows_a_failed_commit_does_not_bring_it_along(
    site: Deployment, switches: Switches
) -> None:
    person, other = site.person(), site.person()
    cookie, ended = person.client.ticket_cookie, other.client.ticket_cookie
    with switches.failing("waiting"):
        assert person.client.request("POST", "/logout").status == 503
    assert other.client.request("POST", "/logout").status == 204
    site.kill()
    site.start()
    assert standing(site, cookie) == (200, 200)
    assert standing(site, ended) == (401, 401)
