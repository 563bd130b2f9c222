"""Checks on each engine with the sessions in the cache, which ask no engine, and without."""

import time
from functools import partial

import processor
import shared
import trips
from figures import Target, latencies, rate_ratio, rates, table
from growth import LARGE_CACHE, SMALL_CACHE
from load import rounds, run
from sites import metric, warm

WAY = "auth_request"
# How often a run is repeated during which the cache was emptied.
TRIES = 5
WARM, COLD = "warm", "cold"
POSTGRESQL = shared.NAMES["postgresql"]
# How many changed accounts a machine is told of: such as nobody has.
CHANGES = 500
TELL = """SELECT count(pg_notify('coatcheck_' || to_regclass('coatcheck_schema')::oid::text,
    'u' || substr(md5(number::text), 1, 21) || 'A')) FROM generate_series(1, {}) AS number"""


def measure(stage, options, stores):
    """Checks on each engine side by side: Markdown, figures and targets."""
    names = [shared.SQLITE, *shared.NAMES.values()]
    sites, meters = {}, {}
    for kind, cache in ((WARM, LARGE_CACHE), (COLD, SMALL_CACHE)):
        for name in names:
            sites[kind, name], meters[kind, name] = stores.start(stage, name, cache)
    introduce(sites[COLD, shared.NAMES["redis"]], stores)
    emptied = {name: [] for name in names}
    before = {key: trips.scrape(site) for key, site in sites.items()}
    runs = rounds({
        (kind, connections): {
            name: partial(in_cache, sites[kind, name], meters[kind, name], connections,
                          emptied[name], stores) if kind == WARM
            else meters[kind, name].around(partial(
                run, sites[kind, name].urls[WAY], sites[kind, name].cookies, connections))
            for name in names}
        for kind in (WARM, COLD) for connections in options.connections}, options)
    cold = {name: misses(sites[COLD, name], before[COLD, name]) for name in names}
    processors = {key: meter.each for key, meter in meters.items()}
    forgetting = forget(sites[WARM, POSTGRESQL], meters[WARM, POSTGRESQL], stores)
    entries, taken = (metric(sites[WARM, POSTGRESQL], f"coatcheck_session_cache_{part}")
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
    repeated = sum(map(len, emptied.values()))
    markdown = "\n\n".join([
        f"Checks through {WAY}: warm with {stores.in_cache:,} of the sessions, all of them in a "
        f"cache of {LARGE_CACHE} ({taken / entries:.0f} bytes each), cold with all sessions and a "
        f"cache of {SMALL_CACHE}. {said}. Runs during which a warm cache was emptied, since the "
        f"change feed was silent for too long on these cores, were repeated: {repeated}.",
        checks_table(runs),
        "The processor time of a check, in microseconds of each program:",
        table(["cache", "engine", "nginx", "Coatcheck", "PostgreSQL", "Redis"],
              [[*key, *(f"{own[program]:.1f}"
                        for program in ("nginx", "Coatcheck", "PostgreSQL", "Redis"))]
               for key, own in processors.items()]),
        "Every machine that hears that an account has changed looks for its sessions in the whole "
        f"cache: {forgetting * 1e9:.0f} ns of its processor for each session that is cached."])
    return markdown, {"checks": runs, "cold": cold, "emptied": emptied,
                      "forgetting": forgetting, "microseconds": processors,
                      "bytes per cached session": taken / entries}, targets


FLUSHES = "coatcheck_session_cache_flushes_total"


def introduce(site, stores):
    """Lets Redis know the accounts, as it does some time after a move; notes what it takes then."""
    site.cookies = stores.of_each
    asked = 0
    while asked < 1.5 * stores.users:
        asked += run(site.urls["direct"], site.cookies, 8, 2).rate * 2
    stores.note_memory()
    site.cookies = stores.cookies


def in_cache(site, meter, connections, emptied, stores, seconds):
    """Checks whose sessions are all in the cache; a run in which it was emptied is repeated."""
    site.cookies = stores.few
    for _ in range(TRIES):
        warm(site, stores.in_cache)
        before = metric(site, FLUSHES)
        found = meter.around(partial(run, site.urls[WAY], site.cookies, connections),
                             lambda: metric(site, FLUSHES) == before)(seconds)
        if metric(site, FLUSHES) == before:
            break
        emptied.append(connections)
    return found


def misses(site, before):
    """The share of checks that the cache did not answer, and the round trips of each of these."""
    after = trips.scrape(site)
    hit, missed = (after.value(name) - before.value(name) for name in (
        "coatcheck_session_cache_hits_total", "coatcheck_session_cache_misses_total"))
    done = sum(count for (_, purpose), count in after.moved(trips.ROUND_TRIPS, before).items()
               if purpose == "check")
    return missed / (hit + missed), done / missed


def forget(site, meter, stores):
    """Seconds of the processor to forget one account, for each session in the cache."""
    site.cookies = stores.of_each

    def over(statement):
        warm(site, stores.users)
        before = processor.taken(meter.pids["Coatcheck"])
        stores.engines.postgresql.sql(statement, shared.database(stores.settings[POSTGRESQL]))
        time.sleep(5)
        return processor.taken(meter.pids["Coatcheck"]) - before

    return max(0, over(TELL.format(CHANGES)) - over("SELECT 1")) / CHANGES / stores.users


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
