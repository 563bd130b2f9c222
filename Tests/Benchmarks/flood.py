"""Tickets that open nothing, as fast as they can be sent: what each costs, and whether live
sessions stay in the cache."""

import secrets
from functools import partial

import store
from figures import Target, latencies, rate_ratio, rates, table
from load import rounds, run
from sites import metric, start_coatcheck, warm, write_cookies

TITLE = "Floods of bad tickets"
WAY = "direct"
LIVE, BAD = 1000, 20_000
# An expired session is removed when its ticket is first used, and has ended from then on, so there
# are enough for most of a run.
EXPIRED = 200_000
# `session.cache`: the live sessions have their place, and a flood that was let in would have none.
CACHE = "1M"
HIT = "live session"
MISSES = "coatcheck_session_cache_misses_total"


def measure(stage, options):
    """Each kind of ticket alone, in turns with hits."""
    floods = {}

    def prepare(database):
        floods["expired, for the first time"] = store.fill(database, EXPIRED, expires=-1,
                                                           first=LIVE)
        floods["ended"] = store.end(database, BAD)
        return store.fill(database, LIVE)

    # Expired sessions are not swept away, so that there are some to ask for.
    site = start_coatcheck(stage, "flood", prepare, session_cache=CACHE, session_sweep="1d")
    floods["random, unknown"] = [store.cookie(ticket) for ticket in store.tickets(BAD)]
    floods["malformed"] = [malformed(number) for number in range(BAD)]
    connections = options.connections[-1]
    warm(site, LIVE)
    lost = []

    def hits(seconds):
        before = metric(site, MISSES)
        result = run(site.urls[WAY], site.cookies, connections, seconds)
        lost.append(metric(site, MISSES) - before)
        return result

    members = {HIT: hits}
    for name, cookies in floods.items():
        (site.folder / name).mkdir()
        members[name] = partial(run, site.urls[WAY], write_cookies(site.folder / name, cookies),
                                connections, refused=True)
    runs = rounds({"floods": members}, options)["floods"]
    hits(options.seconds)

    rows = [[name, rates(own).text(",.0f"), rate_ratio(runs[HIT], own).text(".2f"),
             f"{latencies(own, 50).median:.2f}", f"{latencies(own, 99).median:.2f}"]
            for name, own in runs.items()]
    markdown = (
        f"Checks through {WAY} at {connections} connections, {LIVE:,} live sessions, {EXPIRED:,} "
        f"expired ones, and {BAD:,} tickets of each other kind. The cost is that of a hit, by "
        "throughput.\n\n"
        + table(["ticket", "answers/s", "cost", "p50 ms", "p99 ms"], rows)
        + f"\n\nAfter the floods {sum(lost):.0f} live sessions had to be read from storage again.")
    return markdown, {"floods": runs, "lost": sum(lost)}, [
        *(Target(f"flood, {name}: cost, of a hit's", rate_ratio(runs[HIT], own).median, most=1.2)
          for name, own in runs.items() if name != HIT),
        Target("flood: live sessions that left the cache", sum(lost), most=0)]


def malformed(number):
    """A cookie of our name that is no ticket: too short, or of other characters."""
    text = secrets.token_urlsafe(32)
    return f"session={text[:-1]};" if number % 2 else f"session={text[:20]}.{text[21:]}"
