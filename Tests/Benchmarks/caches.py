"""Checks on each engine with the sessions in the cache, which ask no engine, and without."""

from functools import partial

import shared
import trips
from figures import Target, latencies, rate_ratio, rates, table
from growth import LARGE_CACHE, SMALL_CACHE
from load import rounds, run
from sites import metric, warm

WAY = "auth_request"
WARM, COLD = "warm", "cold"


def measure(stage, options, stores):
    """Checks on each engine side by side: Markdown, figures and targets."""
    names = [shared.SQLITE, *shared.NAMES.values()]
    sites, meters, first = {}, {}, {}
    for name in names:
        sites[WARM, name], meters[WARM, name] = stores.start(stage, name, LARGE_CACHE)
        first[name] = first_checks(sites[WARM, name], stores)
    stores.note_memory()
    for name in names:
        sites[COLD, name], meters[COLD, name] = stores.start(stage, name, SMALL_CACHE)
    before = {key: trips.scrape(site) for key, site in sites.items()}
    runs = rounds({
        (kind, connections): {
            name: meters[kind, name].around(partial(
                run, sites[kind, name].urls[WAY], sites[kind, name].cookies, connections))
            for name in names}
        for kind in (WARM, COLD) for connections in options.connections}, options)
    cold = {name: misses(sites[COLD, name], before[COLD, name]) for name in names}
    flushes = {name: trips.scrape(sites[WARM, name]).value(FLUSHES)
               - before[WARM, name].value(FLUSHES) for name in names}
    processors = {key: meter.each for key, meter in meters.items()}
    entries, taken = (metric(sites[WARM, shared.SQLITE], f"coatcheck_session_cache_{part}")
                      for part in ("entries", "bytes"))
    stage.stop([site.child for site in sites.values()])

    targets = [Target(f"{name}, {kind} at {connections} connections: of {shared.SQLITE}",
                      rate_ratio(members[name], members[shared.SQLITE]).median, least=0.95)
               for (kind, connections), members in runs.items() if kind == WARM
               for name in shared.NAMES.values()]
    targets += [Target(f"{name}: round trips of a cold check", cold[name][1], most=1.5)
                for name in shared.NAMES.values()]
    said = "; ".join(f"{name}: {cold[name][0]:.1%} of the checks with the small cache were cold, "
                     f"{cold[name][1]:.2f} round trips each" for name in shared.NAMES.values())
    markdown = "\n\n".join([
        f"Checks through {WAY}: warm with {stores.users:,} of the sessions, all of them in a cache "
        f"of {LARGE_CACHE} ({taken / entries:.0f} bytes each), cold with all of them and a cache "
        f"of {SMALL_CACHE}. {said}. The first check of each account after the move, of which Redis "
        f"hears then, took {first[shared.NAMES['redis']]:.1f} round trips to both engines. The warm "
        f"caches were emptied {sum(flushes.values()):.0f} times meanwhile.",
        checks_table(runs),
        "The processor time of a check, in microseconds of each program:",
        table(["cache", "engine", "nginx", "Coatcheck", "PostgreSQL", "Redis"],
              [[*key, *(f"{own[program]:.1f}"
                        for program in ("nginx", "Coatcheck", "PostgreSQL", "Redis"))]
               for key, own in processors.items()])])
    return markdown, {"checks": runs, "cold": cold, "first": first, "flushes": flushes,
                      "microseconds": processors, "bytes per cached session": taken / entries
                      }, targets


FLUSHES = "coatcheck_session_cache_flushes_total"


def first_checks(site, stores):
    """Fills the cache, and returns how many round trips each check took that did so."""
    site.cookies = stores.few
    before = trips.scrape(site)
    warm(site, stores.users)
    missed = trips.scrape(site).value("coatcheck_session_cache_misses_total")
    return sum(trips.since(site, before).values()) / missed


def misses(site, before):
    """The share of checks that the cache did not answer, and the round trips of each of these."""
    after = trips.scrape(site)
    hit, missed = (after.value(name) - before.value(name) for name in (
        "coatcheck_session_cache_hits_total", "coatcheck_session_cache_misses_total"))
    done = sum(count for (_, purpose), count in after.moved(trips.ROUND_TRIPS, before).items()
               if purpose == "check")
    return missed / (hit + missed), done / missed


def checks_table(runs):
    """The checks on each engine, beside those on SQLite."""
    rows = []
    for (kind, connections), members in runs.items():
        base = members[shared.SQLITE]
        for name, own in members.items():
            rows.append([kind, str(connections), name, rates(own).text(",.0f"),
                         "1" if own is base else rate_ratio(own, base).text(".2f"),
                         *(f"{latencies(own, point).median:.2f}" for point in (50, 99))])
    return table(["cache", "connections", "engine", "checks/s", f"of {shared.SQLITE}", "p50 ms",
                  "p99 ms"], rows)
