"""What the benchmark says of its measurements is what was measured."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from support import fastcgi

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Benchmarks"))
import bench  # noqa: E402
import figures  # noqa: E402
import model  # noqa: E402
import parameters  # noqa: E402
import peers  # noqa: E402
import plot  # noqa: E402
import sites  # noqa: E402
import store  # noqa: E402
from load import Run  # noqa: E402
from stage import Stage  # noqa: E402


def run(rate: float, slow: float = 1.0) -> Run:
    """A run with a latency that grows with the percentile."""
    points = (0, 25, 50, 75, 90, 95, 98, 99, 99.5, 99.8, 99.9, 99.95, 99.99)
    return Run(rate, {point: slow * (1 + point) for point in points})


def test_ratios_are_taken_within_a_round() -> None:
    """The median of the ratios, which is not the ratio of the medians."""
    own, base = [run(10), run(40), run(90)], [run(10), run(20), run(100)]
    ratio = figures.rate_ratio(own, base)
    assert (ratio.median, ratio.low, ratio.high) == (1.0, 0.9, 2.0)
    assert figures.rates(own).median / figures.rates(base).median == 2
    late = figures.latency_ratio([run(1, slow=3)], [run(1, slow=2)], 99)
    assert late.text(".2f") == "1.50 (1.50 to 1.50)"
    with pytest.raises(ValueError):
        figures.rate_ratio(own, base[:2])


def test_a_percentile_is_one_of_the_values() -> None:
    """Nearest rank."""
    values = list(range(100, 0, -1))
    assert [figures.percentile(values, share) for share in (0, 1, 50, 99, 100)] == [
        1, 1, 50, 99, 100]
    assert figures.percentile([7], 99) == 7


@pytest.mark.parametrize(
    ("reached", "bounds", "is_met"),
    [
        (0.97, {"least": 0.97}, True),
        (0.969, {"least": 0.97}, False),
        (1.15, {"most": 1.15}, True),
        (1.151, {"most": 1.15}, False),
    ],
)
def test_a_target_is_met_up_to_its_bound(
    reached: float, bounds: dict[str, float], is_met: bool
) -> None:
    """Bounds belong to what is allowed."""
    target = figures.Target("what", reached, **bounds)
    assert target.is_met == is_met
    assert target.row[-1] == ("yes" if is_met else "**no**")


def test_the_picture_is_well_formed_small_and_without_scripts() -> None:
    """From JSON, as a run leaves it."""
    names = ["Coatcheck", peers.FLOOR, "<another> & more"]
    runs = {name: [run(30_000), run(20_000)] for name in names}
    pair = {name: runs[name] for name in names[:2]}
    measured = {
        "checks": {(way, count): runs for way in sites.WAYS for count in (8, 64)},
        "growth": {
            "sessions": {"10^3 sessions": runs[names[0]], "10^6 sessions": runs[names[0]],
                         peers.FLOOR: runs[peers.FLOOR]},
            "connections": {1: pair, 256: pair},
            "workers": {1: {peers.FLOOR: runs[peers.FLOOR]}, 64: pair},
        },
    }
    text = str(plot.draw(plot.revive(bench.as_json(measured))))
    elements = [element.tag.rpartition("}")[2] for element in ElementTree.fromstring(text).iter()]
    assert "script" not in elements and "image" not in elements
    assert elements.count("polyline") == 2 * 2 + 3 * 2
    assert "prefers-color-scheme: dark" in text
    assert "&lt;another&gt; &amp; more" in text
    assert len(text) < 60_000


def test_peers_of_some_ways_only_stand_among_the_others() -> None:
    """In the order in which they were started."""
    assert plot.in_one_order(["ac", "abcd", "ae"]) == list("aebcd")


def constants(**others: object) -> model.Constants:
    """Constants with which sums are easy."""
    nothing = model.Cost(0, 0, 0)
    numbers = dict.fromkeys(
        ("account", "session", "line", "device", "redis_account", "redis_session", "cached"), 100.0
    )
    costs = dict.fromkeys(("login", "end", "cold", "touch", "sweep"), nothing)
    return model.Constants(**numbers | costs | {"check": 50, "hash": 0.02, "commit": 0.001,
                                                        "forget": 0} | others)


def test_the_model_adds_up_what_a_site_needs() -> None:
    """Ten million sessions, of which each twentieth is checked six times a minute."""
    site = model.Site(cores=2, used=0.5, peak=4.32, logins=0.2, wrong=0, sweep=10)
    cold = model.Cost(1, 0, 20)
    needs = model.needs(site, constants(cold=cold, sweep=model.Cost(0.002, 0, 0.1)))
    assert needs["checks"][0] == pytest.approx(50_000)
    assert needs["logins"][0] == pytest.approx(100)
    assert needs["hashing lanes that are busy"][0] == pytest.approx(2)
    # 2.5 cores of checks and 2 of hashes, one of each machine, and one machine may be down.
    machines = needs["machines, one of which may be down"][0]
    assert machines == 6
    assert needs["near cache of each"][0] == pytest.approx(10**7 * 2 / 6 * 100 / 1e9)
    assert needs["cold checks"][0] == pytest.approx(200)
    assert needs["round trips"][0] == pytest.approx(200 + machines * (20 + 10**6 * 0.002))
    assert needs["Redis: cores that are busy"][0] == pytest.approx(
        (200 * 20 + machines * 10**6 * 0.1) / 1e6)
    assert needs["until all caches are filled anew"][0] == pytest.approx(10**6 * 20 / 1e6)
    # Those that have ended are remembered for two days.
    assert needs["Redis: memory"][0] == pytest.approx((1.4e7 + 0.2 * 1e8) * 100 / 1e9)


def test_the_model_names_the_nearest_limit() -> None:
    """As many times as a site may grow until something is used as much as it is to be."""
    site = model.Site(peak=4.32, logins=0.2, changes=0, engine=16, used=0.5)
    own = constants(redis_session=0, end=model.Cost(1, 8000, 0))
    needs = model.needs(site, own)
    assert model.limits(site, needs) == [
        (pytest.approx(5), "commits that notify"), (pytest.approx(10), "PostgreSQL's processor")]
    redis = replace(own, redis_session=100)
    assert [what for _, what in model.limits(site, model.needs(site, redis))] == [
        "PostgreSQL's processor"]


def test_the_model_shows_what_was_measured() -> None:
    """The constants beside it are those of a run; model.md says what comes of them."""
    measured = json.loads((model.HERE / "model.json").read_text())["engines"]
    found = {name: model.constants_of(measured, name) for name in measured["moves"]}
    assert model.show(model.Site(), found) in (model.HERE / "model.md").read_text()
    assert found["PostgreSQL"].redis_session == 0 < found["PostgreSQL and Redis"].redis_session


def test_sessions_that_are_written_into_the_store_are_those_that_are_measured() -> None:
    """Live ones pass the check; ended and expired ones do not."""
    with Stage() as stage:
        folder = stage.subfolder("store")
        stage.stop([sites.serve_coatcheck(stage, folder)])
        database = folder / "coatcheck.db"
        live = store.fill(database, 25)
        expired = store.fill(database, 5, expires=-1, first=1000)
        ended = store.end(database, 5)
        unknown = [store.cookie(ticket) for ticket in store.tickets(5)]
        sites.serve_coatcheck(stage, folder)

        def status(cookie: str) -> int:
            sent = parameters.of_check(cookie)
            return fastcgi.request(folder / "peer.sock", sent).status

        assert {status(cookie) for cookie in live} == {204}
        assert {status(cookie) for cookie in [*expired, *ended, *unknown]} == {401}
