"""What the metrics say of shared engines."""

from __future__ import annotations

from support import fastcgi
from support.deployment import Deployment
from support.machines import Machines
from support.parallel import status_of
from support.prometheus import Scrape
from support.waiting import wait_until


def scrape(site: Deployment) -> Scrape:
    """The metrics of now."""
    return Scrape(site.ask(fastcgi.route("GET", "/metrics")).text)


def sample(site: Deployment, name: str, **labels: str) -> float:
    """The value of one sample."""
    return scrape(site).value(name, **labels)


def test_what_each_engine_is_and_does_is_told(pair: Machines, engine: str) -> None:
    engines = ["postgresql"] if engine == "postgresql" else ["postgresql", "redis"]
    pair[0].person()
    for name in engines:
        assert sample(pair[0], "coatcheck_storage_reachable", engine=name) == 1
        # A machine that is late for its feed makes it anew.
        assert sample(pair[0], "coatcheck_storage_reconnects_total", engine=name) <= 2
        trips = "coatcheck_storage_round_trips_total"
        assert sample(pair[0], trips, **{"engine": name, "for": "other"}) > 0
    # The feed of the engine that has the sessions is never older than it may be.
    wait_until(
        lambda: sample(pair[0], "coatcheck_storage_feed_lag_seconds", engine=engine) < 0.2, 5
    )
    flushes = scrape(pair[0]).value("coatcheck_session_cache_flushes_total")
    assert flushes <= 4


def test_a_check_that_the_cache_cannot_answer_is_one_round_trip(
    pair: Machines, engine: str
) -> None:
    person = pair[0].person()
    cookies = [pair.log_in(person, 0).ticket_cookie for _ in range(20)]
    labels = {"engine": engine, "for": "check"}
    before = sample(pair[1], "coatcheck_storage_round_trips_total", **labels)
    for cookie in cookies:
        assert status_of(pair[1], cookie, "/dashboard") == 200
    taken = sample(pair[1], "coatcheck_storage_round_trips_total", **labels) - before
    assert len(cookies) <= taken <= 1.5 * len(cookies)
    # The others are answered from memory.
    for cookie in cookies * 3:
        assert status_of(pair[1], cookie, "/dashboard") == 200
    later = sample(pair[1], "coatcheck_storage_round_trips_total", **labels) - before
    assert later <= 1.5 * len(cookies)
