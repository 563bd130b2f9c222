"""Engines that fail under load: closed meanwhile, well again by themselves, and nothing lost.

Promise 4 for several machines. Clients do everything at once on two machines, and the checker of
histories judges every answer: nobody is let in who should not be, a request fails only while the
engine does or within a second of its return, none takes longer than 2.5 s, and what was
acknowledged holds.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from support.clock import let_pass
from support.engine_faults import LASTING, Scene, Way, scene
from support.faults import assert_closed
from support.operations import Bounds, Fault
from support.parallel import given_ticket, log_in, status_of
from support.postgresql_server import PostgreSQL
from support.redis_server import Redis, Sentinel, sentinel_url
from support.waiting import wait_until

# How long clients work before and after a fault, in seconds.
CALM = 1.0
RECOVERY = Bounds().recovery


def assert_ready_says_no(scene: Scene) -> None:
    """A balancer is told to ask another machine, and a supervisor not to start this one anew."""
    for site in scene.machines:
        assert site.send("GET", "/health/ready").status == 503
        assert site.send("GET", "/health/live").status == 200


@pytest.mark.parametrize("way", Way, ids=lambda way: way.value)
@pytest.mark.parametrize("engine", ["postgresql", "redis"])
def test_an_engine_of_sessions_fails_and_comes_back(engine: str, way: Way) -> None:
    with scene(engine) as (at, target), at.at_work():
        let_pass(CALM)
        begin = time.monotonic()
        way.begin(target)
        at.wait_until_closed()
        for site in at.machines:
            assert_closed(site, at.person.client.ticket_cookie)
        assert_ready_says_no(at)
        let_pass(max(0.0, begin + LASTING - time.monotonic()))
        way.mend(target)
        at.faults.append(Fault(begin, time.monotonic()))
        assert at.recovery() <= RECOVERY
        let_pass(CALM)


@pytest.mark.parametrize("way", Way, ids=lambda way: way.value)
def test_an_engine_of_accounts_alone_fails_and_no_check_is_refused(way: Way) -> None:
    """With sessions in Redis, who is logged in stays so while PostgreSQL is away."""
    with scene("redis", "postgresql") as (at, target):
        with at.at_work():
            let_pass(CALM)
            begin = time.monotonic()
            way.begin(target)
            cookie = at.person.client.ticket_cookie
            for site in at.machines:
                wait_until(
                    lambda site=site: log_in(site, at.person.name, at.person.password).status
                    == 503,
                    "logins to be refused",
                )
                dashboard = site.send("GET", "/dashboard", headers={"Cookie": cookie})
                assert dashboard.status == 200, str(dashboard)
            let_pass(max(0.0, begin + LASTING - time.monotonic()))
            way.mend(target)
            at.faults.append(Fault(begin, time.monotonic()))
            assert at.recovery() <= RECOVERY
            let_pass(CALM)
        assert "check" not in at.failed


@pytest.mark.parametrize("engine", ["postgresql", "redis"])
def test_connections_that_fall_silent_are_given_up(engine: str) -> None:
    """The engine's end went without a word, as a machine does that lost its power."""
    with scene(engine) as (at, target), at.at_work():
        let_pass(CALM)
        begin = time.monotonic()
        target.proxy.silence()
        # Every call under way may wait for as long as a call may; there is nothing to mend.
        let_pass(Bounds().patience)
        at.faults.append(Fault(begin, time.monotonic()))
        assert at.recovery() <= RECOVERY
        let_pass(CALM)


@pytest.mark.parametrize("engine", ["postgresql", "redis"])
def test_an_engine_that_is_slow_fails_nothing(engine: str) -> None:
    """30 ms each way: slower, and every promise holds."""
    with scene(engine) as (at, target), at.at_work():
        let_pass(CALM)
        target.proxy.pass_on(delay=0.03)
        let_pass(LASTING)
        target.proxy.pass_on()
    assert at.failed == {}


def test_a_redis_that_comes_back_empty_lets_nobody_in() -> None:
    """Everybody logs in again; what is cached is forgotten at once."""
    with scene("redis") as (at, target), at.at_work():
        let_pass(CALM)
        cookie = at.person.client.ticket_cookie
        assert [status_of(site, cookie) for site in at.machines] == [200, 200]
        assert isinstance(target.server, Redis)
        begin = time.monotonic()
        target.server.restart_empty()
        at.faults.append(Fault(begin, time.monotonic(), empties=True))
        assert at.recovery() <= RECOVERY
        assert [status_of(site, cookie) for site in at.machines] == [401, 401]
        let_pass(CALM)


def test_a_standby_takes_the_place_of_postgresql_and_nothing_is_lost() -> None:
    """A synchronous standby has all that was acknowledged; the address names both hosts."""
    with ExitStack() as stack:
        primary = stack.enter_context(PostgreSQL(durable=True))
        database = primary.new_database()
        standby = stack.enter_context(primary.standby(synchronous=True))
        settings: dict[str, object] = {"storage.url": primary.url(database, standbys=[standby])}
        at = Scene(stack, settings, [primary.password])
        with at.at_work():
            let_pass(CALM)
            begin = time.monotonic()
            primary.kill()
            at.wait_until_closed()
            standby.promote()
            at.faults.append(Fault(begin, time.monotonic()))
            assert at.recovery() <= RECOVERY
            let_pass(CALM)


def test_a_replica_takes_the_place_of_redis_by_sentinel() -> None:
    """What a replica had not yet received is lost, as the README says; nothing older is."""
    with ExitStack() as stack:
        postgresql = stack.enter_context(PostgreSQL())
        primary = stack.enter_context(Redis())
        replica = stack.enter_context(primary.replica())
        sentinel = stack.enter_context(Sentinel(primary))
        wait_until(
            lambda: replica.is_following and sentinel.replicas == 1, "the replica", timeout=60
        )
        settings: dict[str, object] = {
            "storage.url": postgresql.url(postgresql.new_database()),
            "sessions.url": sentinel_url([sentinel], primary),
        }
        secrets = [postgresql.password, primary.password]
        at = Scene(stack, settings, secrets)
        with at.at_work():
            let_pass(CALM)
            begin = time.monotonic()
            primary.kill()
            at.wait_until_closed()
            # It is back when it takes writes and the sentinel says where it is.
            wait_until(
                lambda: replica.do("ROLE").startswith("master"), "the sentinel to act", timeout=60
            )
            wait_until(lambda: sentinel.primary_port == replica.port, "the sentinel to say so")
            at.faults.append(Fault(begin, time.monotonic(), loses=0.5))
            assert at.recovery() <= RECOVERY
            let_pass(CALM)


def test_a_redis_that_has_become_a_replica_is_not_written_to() -> None:
    """As after a failover that the program was not told of: 503, and well when it is undone."""
    with scene("redis") as (at, target), at.at_work():
        let_pass(CALM)
        server = target.server
        assert isinstance(server, Redis)
        begin = time.monotonic()
        # A primary that is not there: it keeps what it has, and takes no writes.
        server.do("REPLICAOF", "127.0.0.1", "1")
        for site in at.machines:
            answer = log_in(site, at.person.name, at.person.password)
            assert answer.status == 503, str(answer)
        server.do("REPLICAOF", "NO", "ONE")
        at.faults.append(Fault(begin, time.monotonic()))
        assert at.recovery() <= RECOVERY
        let_pass(CALM)


def test_a_cold_check_while_the_engine_is_frozen_is_an_error_in_time() -> None:
    """Nothing is cached after the start: each check asks, and none waits longer than it may."""
    with scene("postgresql") as (at, target):
        cookie = given_ticket(log_in(at.machines[0], at.person.name, at.person.password))
        Way.FROZEN.begin(target)
        longest = 0.0
        for _ in range(5):
            for site in at.machines:
                start = time.monotonic()
                status = site.send("GET", "/dashboard", headers={"Cookie": cookie}).status
                longest = max(longest, time.monotonic() - start)
                assert status in (200, 500)
        assert status == 500
        print(f"the longest took {longest:.2f} s")
        assert longest <= Bounds().patience
        Way.FROZEN.mend(target)
        assert at.recovery() <= RECOVERY


def test_a_commit_that_takes_for_ever_is_no_outage_for_those_who_only_look() -> None:
    """As on a disk that has stalled: here PostgreSQL waits for a standby that is not there."""
    with scene("postgresql") as (at, target):
        server = target.server
        assert isinstance(server, PostgreSQL)
        person = at.person
        who = person.name, person.password
        cookies = [given_ticket(log_in(at.machines[0], *who)) for _ in range(60)]
        server.sql("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
        server.sql("SELECT pg_reload_conf()")
        wait_until(lambda: log_in(at.machines[0], *who).status == 503, "the first to wait")
        with ThreadPoolExecutor(3) as pool:
            logins = [pool.submit(log_in, at.machines[1], *who) for _ in range(3)]
            # Cold, as the other machine has let them in: each asks PostgreSQL.
            statuses = []
            for cookie in cookies:
                statuses.append(status_of(at.machines[1], cookie))
                let_pass(0.1)
            assert [login.result().status for login in logins] == [503] * 3
        assert statuses == [200] * len(cookies)
        server.sql("ALTER SYSTEM RESET synchronous_standby_names")
        server.sql("SELECT pg_reload_conf()")
        assert at.recovery() <= RECOVERY
