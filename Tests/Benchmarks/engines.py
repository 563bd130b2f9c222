"""SQLite, PostgreSQL and Redis side by side: the same store, moved from the first to the others."""

import caches
import neighbours
import shared
import sizes
import store
import sweeps
import touches
from figures import table
from growth import title
from stores import Stores

TITLE = "Engines"


def measure(stage, options):
    """The moves, the sizes, checks warm and cold, operations, and a storm at another machine."""
    count = 10**4 if options.quick else 10**6
    with shared.shared_program(), shared.engines() as engines:
        stores = Stores(stage, engines, count)
        checks, figures, targets = caches.measure(stage, options, stores)
        figures["sweeps"] = sweeps.measure(stage, stores)
        sizes_text, figures["bytes"] = stores.measure()
        with shared.engines() as others:
            storm, figures["storm"], more, settings = neighbours.measure(
                stage, options, engines, others)
        figures["touches"] = touches.measure(stage, engines)
        rows, figures["rows"] = other_rows(engines, settings["PostgreSQL"])
    figures["moves"] = stores.seconds
    moves = ", ".join(f"to {name} {seconds:.0f} s" for name, seconds in stores.seconds.items())
    markdown = "\n\n".join([
        f"One store of {title(count)} of {count // store.DEVICES:,} accounts in SQLite, moved by "
        f"`coatcheck migrate`: {moves}, with the comparison at the end. PostgreSQL waits for the "
        "disk and has 1 GB of shared buffers, Redis writes its file each second; both are reached "
        "over TCP on loopback.",
        f"{sizes_text} {rows}", checks, operations_table(figures["storm"]["operations"]),
        touches_text(figures["touches"]) + " " + sweeps_text(figures["sweeps"]), storm])
    return markdown, figures, [*targets, *more]


def other_rows(engines, settings):
    """What else PostgreSQL keeps for each login: Markdown and figures."""
    database = shared.database(settings)
    found = sizes.of_postgresql(engines.postgresql, database)
    figures = {}
    for relation in ("audit", "known_devices"):
        kind = sizes.TABLES[relation]
        rows = max(1, sizes.count(engines.postgresql, database, relation))
        figures[kind] = found[kind].each(rows)[0]
    return "PostgreSQL also takes " + " and ".join(
        f"{size:.0f} bytes for each of the {kind}" for kind, size in figures.items()) + ".", figures


def operations_table(operations):
    """The round trips of each operation, and the processor time of the engines."""
    rows = [[name, operation,
             *(f"{found['trips'].get(engine, 0):.1f}" for engine in ("postgresql", "redis")),
             *(f"{found['microseconds'][engine]:,.0f}" for engine in ("postgresql", "redis")),
             f"{found['seconds'] * 1000:.1f}"]
            for name, own in operations.items() for operation, found in own.items()]
    return ("Round trips of each operation, by the program's own figures, with what is written "
            "afterwards; the processor time of the engines in microseconds; and how long one takes "
            "with one client:\n\n"
            + table(["engine", "operation", "to PostgreSQL", "to Redis", "PostgreSQL µs",
                     "Redis µs", "ms"], rows))


def touches_text(figures):
    """What a last use costs."""
    return "Writing a last use, which is due for each session once a minute, takes " + "; ".join(
        f"{name}: {own['PostgreSQL']:.0f} µs of PostgreSQL and {own['bytes']:.0f} bytes of its "
        f"log, {own['Redis']:.0f} µs of Redis" for name, own in figures.items()) + "."


def sweeps_text(figures):
    """What it costs to look for sessions that have expired."""
    return ("Each machine looks once a minute for sessions that have expired: " + ", ".join(
        f"{name} {own:.2f} µs" for name, own in figures.items())
        + " of the engine for each session that there is.")
