"""What the metrics say of shared engines."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from support import fastcgi
from support.deployment import Deployment
from support.machines import ENGINES, Machines
from support.parallel import status_of
from support.prometheus import Scrape
from support.waiting import wait_until

Value = TypeVar("Value")


def scrape(site: Deployment) -> Scrape:
    """The metrics of now."""
    return Scrape(site.ask(fastcgi.route("GET", "/metrics")).text)


def sample(site: Deployment, name: str, **labels: str) -> float:
    """The value of one sample."""
    return scrape(site).value(name, **labels)


def losses(site: Deployment) -> list[float]:
    """How often the cache was emptied and a connection made anew so far."""
    now = scrape(site)
    reconnects = "coatcheck_storage_reconnects_total"
    return [
        now.value("coatcheck_session_cache_flushes_total"),
        *(now.value(reconnects, engine=engine) for engine in ENGINES),
    ]


def undisturbed(site: Deployment, measure: Callable[[], Value]) -> Value:
    """What a measurement gives in a time in which nothing was lost.

    A machine that is late for its feed makes it anew and empties the cache. Busy as this one may
    be, that does not happen every time.
    """
    for _ in range(8):
        before = losses(site)
        value = measure()
        if losses(site) == before:
            return value
    raise AssertionError("something is lost whenever the site is used")


def test_what_each_engine_is_and_does_is_told(pair: Machines, engine: str) -> None:
    engines = ["postgresql"] if engine == "postgresql" else ["postgresql", "redis"]
    # What the site does makes it lose nothing.
    undisturbed(pair[0], pair[0].person)
    for name in engines:
        assert sample(pair[0], "coatcheck_storage_reachable", engine=name) == 1
        trips = "coatcheck_storage_round_trips_total"
        assert sample(pair[0], trips, **{"engine": name, "for": "other"}) > 0
    # The feed of the engine that has the sessions is never older than it may be.
    lag = "coatcheck_storage_feed_lag_seconds"
    wait_until(lambda: sample(pair[0], lag, engine=engine) < 0.2, "the feed to be heard", timeout=5)


def test_a_check_that_the_cache_cannot_answer_is_one_round_trip(
    pair: Machines, engine: str
) -> None:
    labels = {"engine": engine, "for": "check"}

    def reads(cookies: list[str]) -> float:
        """How many round trips it takes to check each of them."""
        before = sample(pair[1], "coatcheck_storage_round_trips_total", **labels)
        for cookie in cookies:
            assert status_of(pair[1], cookie, "/dashboard") == 200
        return sample(pair[1], "coatcheck_storage_round_trips_total", **labels) - before

    def first_reads() -> tuple[list[str], float]:
        person = pair[0].person()
        cookies = [pair.log_in(person, 0).ticket_cookie for _ in range(20)]
        return cookies, reads(cookies)

    cookies, taken = undisturbed(pair[1], first_reads)
    assert len(cookies) <= taken <= 1.5 * len(cookies)
    # The others are answered from memory, unless this machine was late for its feed just then.
    assert 0 in [reads(cookies) for _ in range(8)]
