"""What it takes to look for sessions that have expired, which every machine does once a minute."""

import time

import processor
import shared
import trips
from growth import LARGE_CACHE

# How many sessions one step looks at (`Upkeep.step`).
STEP = 500
# How long programs sweep, in seconds, and how often.
LENGTH, INTERVAL = 10, "1s"


def measure(stage, stores):
    """Microseconds of the engine and round trips for each session in the store, by engine."""
    figures = {}
    for engine, name in shared.NAMES.items():
        rest = _taken(stage, stores, engine, name, "1d")
        busy = _taken(stage, stores, engine, name, INTERVAL)
        steps = busy["trips"] - rest["trips"]
        figures[name] = (busy["seconds"] - rest["seconds"]) * 1e6 / steps / STEP
    return figures


def _taken(stage, stores, engine, name, interval):
    site, meter = stores.start(stage, f"{name} sweep {interval}", LARGE_CACHE, of=name,
                               **{"session.sweep": interval})
    label = "PostgreSQL" if engine == "postgresql" else "Redis"
    before, began = trips.scrape(site), processor.taken(meter.pids[label])
    time.sleep(LENGTH)
    seconds = processor.taken(meter.pids[label]) - began
    found = trips.since(site, before)
    stage.stop([site.child])
    return {"trips": sum(count for (own, _), count in found.items() if own == engine),
            "seconds": seconds}
