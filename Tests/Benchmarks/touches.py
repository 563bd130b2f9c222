"""What it takes to write when sessions were last used, which is due for each once a minute."""

import time

import processor
import shared
import store
from load import run
from sites import start_coatcheck, warm

SESSIONS = 10**4
# `SessionPolicy.touchInterval` and `Upkeep.useInterval`, in seconds.
DUE, WRITTEN = 60, 5


def measure(stage, engines):
    """Microseconds of the engine and bytes of PostgreSQL's log for each last use, by engine."""
    source = start_coatcheck(stage, "uses", lambda database: store.fill(
        database, SESSIONS, last_seen=-2 * DUE))
    stage.stop([source.child])
    sites = {}
    for engine, name in shared.NAMES.items():
        settings = engines.settings(engine)
        shared.move(stage, source.folder / "coatcheck.db", f"uses {name}", settings)
        sites[name] = site = start_coatcheck(stage, f"{name} uses", **settings)
        site.cookies = source.cookies
        warm(site, SESSIONS)
    time.sleep(DUE + 1)
    return {name: _each(site, engines) for name, site in sites.items()}


def _each(site, engines):
    def state():
        return {"PostgreSQL": processor.taken(engines.postgresql.process.pid),
                "Redis": processor.taken(engines.redis.process.pid),
                "bytes": int(engines.postgresql.sql(
                    "SELECT pg_current_wal_lsn() - '0/0'::pg_lsn"))}

    def over(work):
        before = state()
        work()
        time.sleep(2 * WRITTEN)
        return {name: value - before[name] for name, value in state().items()}

    idle = over(lambda: time.sleep(2))
    busy = over(lambda: run(site.urls["direct"], site.cookies, 8, 2))
    return {name: max(0, busy[name] - idle[name]) / SESSIONS * (1 if name == "bytes" else 1e6)
            for name in idle}
