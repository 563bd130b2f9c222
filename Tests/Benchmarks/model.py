"""What a site needs of machines and engines, from its size and from what the benchmark measured.

    /usr/bin/python3 Tests/Benchmarks/model.py --accounts 1e8 --sessions 1e7

prints a table for sessions in PostgreSQL and in Redis. Every assumption is an argument; --results
takes the constants from a run on other hardware (`make bench BENCH='--only engines'`). model.md
explains both.
"""

import argparse
import json
import math
import pathlib
from dataclasses import dataclass, fields

from figures import table

MINUTE, DAY, MILLION = 60, 86_400, 1e6
HERE = pathlib.Path(__file__).resolve().parent
# For how many days ended sessions are remembered.
REMEMBERED = 2
# For how many days Redis knows an account (`RedisKeys.userLifetime`).
KNOWN = 30
# How often each machine asks whether it was told of all changes, in a second.
HEARTBEATS = 20


@dataclass(frozen=True)
class Site:
    """What is assumed; rates are those of the busiest minute."""

    accounts: float = 1e8  # accounts
    sessions: float = 1e7  # live sessions
    known: float = 0.2  # share of the accounts that were checked or logged in within 30 days
    active: float = 0.05  # share of the live sessions that are used in a minute
    checks: float = 6  # checks in a minute of a session that is used
    spread: float = 2  # machines at which a session is used, from its begin to its end
    logins: float = 0.2  # logins in a day for each live session; as many end
    wrong: float = 0.3  # wrong passwords for each login
    logouts: float = 0.3  # share of the sessions that somebody ends; the others expire
    changes: float = 0.001  # changes in a day for each account: passwords, names, groups
    peak: float = 5  # busiest minute of logins and changes, of the mean of the day
    audit: float = 90  # days for which the audit trail is kept
    sweep: float = 60  # seconds between two looks for sessions that have expired (`session.sweep`)
    devices: float = 1  # known devices of each account
    cores: float = 4  # processor cores of a machine
    engine: float = 16  # processor cores of PostgreSQL's machine; Redis uses one of its own
    used: float = 0.5  # share of a processor that is to be used in the busiest minute


@dataclass(frozen=True)
class Cost:
    """What an operation takes: round trips, and microseconds of either engine."""

    trips: float
    postgresql: float
    redis: float


@dataclass(frozen=True)
class Constants:
    """What was measured, with the sessions in one of the engines."""

    account: float  # bytes in PostgreSQL
    session: float  # bytes in PostgreSQL
    line: float  # bytes in PostgreSQL, of a line of the audit trail
    device: float  # bytes in PostgreSQL, of a known device
    redis_account: float  # bytes in Redis
    redis_session: float  # bytes in Redis
    cached: float  # bytes of a session in a machine's cache
    forget: float  # seconds of a machine, for each session in its cache when an account changes
    check: float  # microseconds of nginx and Coatcheck, the session being in the cache
    hash: float  # seconds of a lane, for a password
    commit: float  # seconds from the end of a session to its acknowledgement
    login: Cost
    end: Cost
    cold: Cost  # a check that asks the engine
    touch: Cost  # writing a last use; many go together
    sweep: Cost  # looking whether a session has expired; many go together


def needs(site, constants):
    """What the site needs: (what, number, unit) by name, in the order of the table."""
    checks = site.sessions * site.active * site.checks / MINUTE
    logins = site.sessions * site.logins * site.peak / DAY
    changes = site.accounts * site.changes * site.peak / DAY
    lanes = logins * (1 + site.wrong) * constants.hash
    busy = checks * constants.check / MILLION + lanes
    machines = max(2, math.ceil(busy / (site.cores * site.used)) + 1)
    rates = {"login": logins + changes, "end": logins, "cold": logins * min(site.spread, machines),
             "touch": site.sessions * site.active * min(site.spread, machines) / MINUTE,
             "sweep": site.sessions * machines / site.sweep}
    costs = {name: getattr(constants, name) for name in rates}
    trips = sum(rates[name] * costs[name].trips for name in rates) + machines * HEARTBEATS
    postgresql = sum(rates[name] * costs[name].postgresql for name in rates) / MILLION
    redis = sum(rates[name] * costs[name].redis for name in rates) / MILLION
    ended = site.sessions * site.logins * REMEMBERED
    lines = (site.sessions * site.logins * (1 + site.wrong + site.logouts)
             + site.accounts * site.changes) * site.audit
    is_redis = constants.redis_session > 0
    # Redis forgets each account after some days, and is told of it again when it is needed.
    users = changes + (2 * site.accounts * site.known / (KNOWN * DAY) if is_redis else 0)
    told = users + (2 * logins if is_redis else logins)
    cached = site.sessions * min(1, site.spread / machines)
    refill = (site.sessions * site.active * min(site.spread, machines)
              * (constants.cold.redis if is_redis else constants.cold.postgresql / site.engine)
              / MILLION)
    return {
        "checks": (checks, "/s"),
        "logins": (logins, "/s"),
        "hashing lanes that are busy": (lanes, ""),
        "machines, one of which may be down": (machines, ""),
        "near cache of each": (cached * constants.cached / 1e9, "GB"),
        "PostgreSQL: accounts and known devices": (
            site.accounts * (constants.account + site.devices * constants.device) / 1e9, "GB"),
        "PostgreSQL: audit trail": (lines * constants.line / 1e9, "GB"),
        "PostgreSQL: sessions": ((site.sessions + ended) * constants.session / 1e9, "GB"),
        "Redis: memory": (((site.sessions + ended) * constants.redis_session + site.accounts
                           * site.known * constants.redis_account) / 1e9, "GB"),
        "cold checks": (rates["cold"], "/s"),
        "last uses that are written": (rates["touch"], "/s"),
        "round trips": (trips, "/s"),
        "changes told to every machine": (told, "/s"),
        "of these, accounts": (users, "/s"),
        "cores of each machine that forget accounts": (users * cached * constants.forget, ""),
        "PostgreSQL: cores that are busy": (postgresql, ""),
        "Redis: cores that are busy": (redis, ""),
        "ends one after the other, of a second": (
            0 if is_redis else rates["end"] * constants.commit, ""),
        "until all caches are filled anew": (refill, "s"),
    }


def limits(site, found):
    """How many times as large a site reaches each limit, the nearest first; below 1 it is passed.

    Processors are used as much there as the site is to use them.
    """
    shares = {
        # One task of each machine does that.
        "forgetting accounts": found["cores of each machine that forget accounts"][0]
        / site.used,
        "PostgreSQL's processor": found["PostgreSQL: cores that are busy"][0]
        / (site.engine * site.used),
        "Redis's one core": found["Redis: cores that are busy"][0] / site.used,
        "commits that notify": found["ends one after the other, of a second"][0] / site.used}
    return sorted((1 / share, what) for what, share in shares.items() if share)


def constants_of(figures, name):
    """The constants of a run: what bench.json has of the section `engines`."""
    size, operations = figures["bytes"], figures["storm"]["operations"][name]
    in_redis = size.get(f"{name}: in Redis", {"session": [0], "account": [0]})
    in_sql = size.get(f"{name}: in PostgreSQL")
    processors = figures["microseconds"]
    warm, cold = (processors[f"{kind}, {name}"] for kind in ("warm", "cold"))
    engine = "PostgreSQL" if in_redis["session"][0] == 0 else "Redis"

    def cost(operation):
        own = operations[operation]
        return Cost(sum(own["trips"].values()), own["microseconds"]["postgresql"],
                    own["microseconds"]["redis"] if engine == "Redis" else 0)

    def of_engine(trips, microseconds):
        return Cost(trips, microseconds if engine == "PostgreSQL" else 0,
                    microseconds if engine == "Redis" else 0)

    return Constants(
        account=in_sql["account"][0], session=in_sql["session"][0] if engine != "Redis" else 0,
        line=figures["rows"]["lines of the audit trail"],
        device=figures["rows"]["known devices"], redis_account=in_redis["account"][0],
        redis_session=in_redis["session"][0], cached=figures["bytes per cached session"],
        check=warm["nginx"] + warm["Coatcheck"],
        hash=min(own["login"]["seconds"] for own in figures["storm"]["operations"].values()),
        commit=operations["logout"]["seconds"], login=cost("login"), end=cost("logout"),
        forget=figures["forgetting"], cold=of_engine(figures["cold"][name][1], cold[engine]),
        # 1000 statements, or one script, go together: next to no round trips.
        touch=of_engine(0.001, figures["touches"][name][engine]),
        sweep=of_engine(1 / 500, figures["sweeps"][name]))


def show(site, constants):
    """The table, and the limits."""
    found = {name: needs(site, own) for name, own in constants.items()}
    names = list(next(iter(found.values())))
    rows = [[what, *(f"{own[what][0]:,.3g} {own[what][1]}".strip() if own[what][0] < 1000
                     else f"{own[what][0]:,.0f} {own[what][1]}" for own in found.values())]
            for what in names]
    text = table(["", *(f"sessions in {name.split()[-1]}" for name in found)], rows)
    for name, own in found.items():
        growth = ", ".join(f"{what} {times:.1f}" for times, what in limits(site, own))
        text += f"\n\nTimes as large with sessions in {name.split()[-1]}: {growth}."
    return text


def main():
    """Prints what the site of the arguments needs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for field in fields(Site):
        parser.add_argument(f"--{field.name}", type=float, default=field.default,
                            help=f"{field.default:g}")
    parser.add_argument("--results", type=pathlib.Path, default=HERE / "model.json",
                        help="figures to take the constants from, for instance .run/bench.json")
    options = vars(parser.parse_args())
    figures = json.loads(options.pop("results").read_text())["engines"]
    constants = {name: constants_of(figures, name) for name in figures["moves"]}
    print(show(Site(**options), constants))


if __name__ == "__main__":
    main()
