"""Session checks, and who I am: Coatcheck beside its peers, all behind the same nginx."""

from functools import partial

from figures import Target, latencies, latency_ratio, rate_ratio, rates, table
from load import rounds, run
from peers import FLOOR, PEERS, STOCK, prove
from sites import WAYS

TITLE = "Peers"


def measure(stage, options):
    """All peers, each way and each number of connections: Markdown, figures and targets."""
    sites = {}
    for name in options.peers:
        print(f"==> Starting {name}", flush=True)
        for site in PEERS[name](stage, sites):
            prove(site)
            sites[site.name] = site

    groups = {
        (way, connections): {
            name: partial(run, site.urls[way], site.cookies, connections)
            for name, site in sites.items() if way in site.urls}
        for way in WAYS for connections in options.connections}
    runs = rounds(groups, options)

    rows = []
    for (way, connections), members in runs.items():
        for name, own in members.items():
            base = members[FLOOR]
            is_floor = name == FLOOR
            rows.append([
                way, str(connections), name, rates(own).text(",.0f"),
                "1" if is_floor else rate_ratio(own, base).text(".2f"),
                *(f"{latencies(own, percentile).median:.2f}" for percentile in (50, 90, 99, 99.9)),
                "1" if is_floor else latency_ratio(own, base, 99).text(".2f")])
    markdown = (f"Ratios are medians of the rounds' own (least to most), to the {FLOOR}. Latencies "
                "are milliseconds.\n\n" + table(
                    ["request", "connections", "peer", "answers/s", "ratio", "p50", "p90", "p99",
                     "p99.9", "p99 ratio"], rows))
    return markdown, runs, list(targets(runs))


def targets(runs):
    """What issue 4 asks of checks and of our own routes."""
    for (way, connections), members in runs.items():
        at = f"at {connections} connections"
        own = members["Coatcheck"]

        def ratio(name):
            return rate_ratio(own, members[name]).median

        if way == "auth_request":
            yield Target(f"auth_request {at}: of the C responder", ratio(FLOOR), least=0.97)
            yield Target(f"auth_request {at}: p99, of the C responder's",
                         latency_ratio(own, members[FLOOR], 99).median, most=1.15)
            if STOCK in members:
                yield Target(f"auth_request {at}: of the C responder with stock fastcgi_params",
                             ratio(STOCK), least=1)
            for name in members:
                if name not in ("Coatcheck", FLOOR, STOCK):
                    yield Target(f"auth_request {at}: of {name}", ratio(name),
                                 least=1.2 if name.startswith("PHP") else 1)
        elif way == "direct":
            if STOCK in members:
                yield Target(f"direct {at}: of the C responder with stock fastcgi_params",
                             ratio(STOCK), least=1)
            for name in members:
                if name.startswith("PHP"):
                    yield Target(f"direct {at}: of {name}", ratio(name), least=1.5)
        else:
            yield Target(f"/me {at}: of the C responder", ratio(FLOOR), least=0.97)
