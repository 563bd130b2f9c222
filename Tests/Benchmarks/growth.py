"""How the cost of a check grows: with the sessions, with the connections, with the workers."""

import re
import shutil
import time
from functools import partial
from itertools import cycle, islice

import store
from figures import Spread, Target, latencies, latency_ratio, rate_ratio, rates, table
from load import rounds, run
from peers import FLOOR
from sites import (WORKERS, metric, serve_coatcheck, start_coatcheck, start_responder, warm,
                   write_cookies)

TITLE = "Growth"
WAY = "auth_request"
# `session.cache`: room for all that are measured, and the least that may be set.
LARGE_CACHE, SMALL_CACHE = "512M", "1M"


def measure(stage, options):
    """All three, and the memory and the start-up with the most sessions."""
    sizes = [10**3, 10**4] if options.quick else [10**3, 10**4, 10**5, 10**6]
    connections = [1, 256] if options.quick else [1, 4, 16, 64, 256]
    threads = [1, 16] if options.quick else [1, 2, 4, 16, 64]

    sites = [filled(stage, title(size), size) for size in sizes]
    few, many = sites[0], sites[-1]
    starts = start_up(stage, many)
    empty = resident_when_empty(stage)
    warm(many, sizes[-1])
    memory = (resident(many.child.pid) - empty) / sizes[-1]
    for site, size in zip(sites[:-1], sizes):
        warm(site, size)
    floor = start_responder(stage, FLOOR, few, questions=["check"])
    pair = (few, floor)

    uses = LastUses(stage, sizes[-2], options)
    by_sessions, share, uncached = with_sessions(stage, options, sites, sizes[-1], floor)
    buffers = (uncached - empty) / sizes[-1]
    uses.measure()
    by_connections = rounds({
        count: {site.name: partial(run, site.urls[WAY], site.cookies, count) for site in pair}
        for count in connections}, options)
    uses.measure()
    by_workers = rounds({
        count: {site.name: partial(run, site.urls[WAY], site.cookies, options.connections[-1])
                for site in with_workers(stage, few, count)}
        for count in threads}, options)
    uses.measure()

    misses = rate_ratio(by_sessions[UNCACHED], by_sessions[many.name])
    markdown = "\n\n".join([
        f"Checks through {WAY} at {options.connections[-1]} connections and with {WORKERS} workers "
        "where nothing else is said. The C responder has the same load in the same round.",
        sessions_table(by_sessions, few.name),
        f"Of the checks with the small cache {share:.1%} were read from SQLite.",
        f"A cached session takes {memory:.0f} bytes (RssAnon over an empty server's); with the "
        f"small cache it is {buffers:.0f} for each session of the store, most of it SQLite's pages."
        f" From exec to the socket with {many.name} in the store: {starts.text('.0f')} ms.",
        "Where the last use of each session is to be written, which is so once a minute: "
        f"{rate_ratio(uses.due, uses.none).text('.2f')} of the checks, p99 "
        f"{latency_ratio(uses.due, uses.none, 99).text('.2f')} times.",
        growth_table("connections", by_connections), growth_table("workers", by_workers),
        "Coatcheck's least number of workers is 2."])
    figures = {"sessions": by_sessions, "connections": by_connections, "workers": by_workers,
               "last uses": {"due": uses.due, "none": uses.none},
               "bytes per session": memory, "with the small cache": buffers,
               "start-up": starts}
    cached = rate_ratio(by_sessions[many.name], by_sessions[few.name]).median
    return markdown, figures, [
        Target(f"{many.name}, cached: of the checks with {few.name}", cached, least=0.97),
        Target(f"{many.name}: a miss, of a hit", misses.median, least=0.6),
        Target(f"{many.name}: bytes per cached session", memory, most=160),
        Target(f"{many.name}: start-up, ms", starts.median, most=200)]


def title(size):
    """`10^6 sessions`"""
    return f"10^{len(str(size)) - 1} sessions"


def filled(stage, name, size, **seen):
    """Coatcheck with so many sessions and room for them all."""
    print(f"==> Filling a store with {title(size)}", flush=True)
    return start_coatcheck(stage, name, lambda database: store.fill(database, size, **seen),
                           session_cache=LARGE_CACHE)


def start_up(stage, site):
    """Milliseconds from exec until the socket answers."""
    times = []
    for _ in range(3):
        stage.stop([site.child])
        began = time.monotonic()
        site.child = serve_coatcheck(stage, site.folder, session_cache=LARGE_CACHE)
        times.append((time.monotonic() - began) * 1000)
    return Spread.of(times)


def resident_when_empty(stage):
    """Bytes of resident memory of a server without sessions, after many requests."""
    empty = start_coatcheck(stage, "empty", session_cache=LARGE_CACHE)
    unknown = write_cookies(empty.folder, map(store.cookie, store.tickets(10_000)))
    run(empty.urls["direct"], unknown, 64, 2, refused=True)
    taken = resident(empty.child.pid)
    stage.stop([empty.child])
    return taken


def resident(pid):
    """Bytes of resident memory that belong to no file."""
    with open(f"/proc/{pid}/status") as status:
        return int(re.search(r"RssAnon:\s+(\d+) kB", status.read())[1]) * 1024


UNCACHED = f"the same, a cache of {SMALL_CACHE}"


def with_sessions(stage, options, sites, most, floor):
    """Coatcheck with few sessions up to many, all cached, and with many of which hardly one is.

    Returns the runs, and the share of misses and the memory of the last.
    """
    many = sites[-1]
    for site in sites[:-1]:  # as many headers for everybody, so that the load costs the same
        headers = site.cookies.read_text().splitlines()
        site.cookies = write_cookies(site.folder, islice(cycle(headers), most))
    floor.cookies = many.cookies

    def copy(database):
        shutil.copy(many.folder / "coatcheck.db", database)
        return []

    uncached = start_coatcheck(stage, UNCACHED, copy, session_cache=SMALL_CACHE)
    uncached.cookies = many.cookies
    runs = rounds({"sessions": {
        site.name: partial(run, site.urls[WAY], site.cookies, options.connections[-1])
        for site in (*sites, uncached, floor)}}, options)["sessions"]
    hits, misses = (metric(uncached, f"coatcheck_session_cache_{kind}_total")
                    for kind in ("hits", "misses"))
    taken = resident(uncached.child.pid)
    stage.stop([uncached.child])
    return runs, misses / (hits + misses), taken


def with_workers(stage, coatcheck, count):
    """Both programs with so many threads; Coatcheck has two at least."""
    if count > 1:
        site = start_coatcheck(stage, f"Coatcheck {count}", lambda database: shutil.copy(
            coatcheck.folder / "coatcheck.db", database) and [], workers=count)
        site.name, site.cookies = "Coatcheck", coatcheck.cookies
        yield site
    floor = start_responder(stage, f"{FLOOR} {count}", coatcheck, workers=count,
                            questions=["check"])
    floor.name = FLOOR
    yield floor


class LastUses:
    """Checks whose time is to be written, which is so for each session once a minute.

    It is measured now and then, at least a minute apart, beside as many sessions for which nothing
    is to be written.
    """

    def __init__(self, stage, size, options):
        self.sites = [filled(stage, "uses to be written", size, last_seen=-300),
                      filled(stage, "no uses to be written", size)]
        for site in self.sites:
            warm(site, size)
        self.earliest = time.monotonic() + 61
        self.options = options
        self.due, self.none = [], []

    def measure(self):
        """Measures both once, from a minute after the last time on."""
        if self.options.quick and self.due:
            return
        time.sleep(max(0, self.earliest - time.monotonic()))
        for site, runs in zip(self.sites, (self.due, self.none)):
            runs.append(run(site.urls[WAY], site.cookies, self.options.connections[-1],
                            self.options.seconds))
            time.sleep(5)  # until what was noted has been written (`Upkeep.useInterval`)
        self.earliest = time.monotonic() + 61


def sessions_table(runs, few):
    """What many sessions cost."""
    floor = runs[FLOOR]
    return table(
        ["store", "checks/s", f"ratio to the {FLOOR}", f"ratio to {few}", "p50 ms", "p99 ms"],
        [[name, rates(own).text(",.0f"), rate_ratio(own, floor).text(".2f"),
          rate_ratio(own, runs[few]).text(".2f"), f"{latencies(own, 50).median:.2f}",
          f"{latencies(own, 99).median:.2f}"] for name, own in runs.items()])


def growth_table(what, runs):
    """What connections or workers cost."""
    rows = []
    for count, members in runs.items():
        floor = members[FLOOR]
        (own,) = [own for name, own in members.items() if name != FLOOR] or [None]
        rows.append([str(count), rates(own).text(",.0f") if own else "",
                     rates(floor).text(",.0f"), rate_ratio(own, floor).text(".2f") if own else "",
                     *(f"{latencies(runs, 99).median:.2f}" if runs else ""
                       for runs in (own, floor))])
    return table([what, "Coatcheck, checks/s", f"{FLOOR}, checks/s", "ratio", "p99 ms",
                  f"{FLOOR}'s p99 ms"], rows)
