"""Coatcheck measured through nginx, beside a C program that does nothing and beside its peers.

Sections, each of which `--only` can choose:

    checks    session checks and /me, beside the peers
    growth    with sessions (10^3 to 10^6), with connections, with workers
    storm     checks while others log in as fast as they can
    flood     tickets that open nothing
    engines   SQLite, PostgreSQL and Redis side by side

Everything runs in a folder of its own on free loopback ports and is stopped at the end. What is
compared is measured in one run, in rounds whose order is drawn, and ratios are taken within a
round. The figures are written as Markdown, as JSON and as a picture; a whole run replaces
results.svg.
"""

import argparse
import json
import os
import pathlib
import platform
import signal
import sys
import time

import checks
import engines
import flood
import growth
import plot
import storm
from figures import TARGET_HEADINGS, table
from load import title
from peers import PEERS
from sites import WORKERS
from stage import HERE, ROOT, Stage

SECTIONS = {"checks": checks, "growth": growth, "storm": storm, "flood": flood,
            "engines": engines}


def as_json(value):
    """Figures as JSON has them: the keys of groups become text."""
    if isinstance(value, dict):
        return {title(key): as_json(inner)
                for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(inner) for inner in value]
    return value if isinstance(value, (str, int, float, type(None))) else as_json(vars(value))


def arguments():
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=list(SECTIONS),
                        metavar="SECTION", help="sections to run: " + ", ".join(SECTIONS))
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=list(PEERS), metavar="PEER",
                        help="peers of the checks, beside coatcheck and floor: "
                        + ", ".join(PEERS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2, help="of each measurement")
    parser.add_argument("--connections", type=int, nargs="+", default=[8, 64])
    parser.add_argument("--quick", action="store_true",
                        help="one round of one second and fewer points: to try it, not to publish")
    parser.add_argument("--results", type=pathlib.Path, default=ROOT / ".run",
                        help="folder of bench.md, bench.json and bench.svg")
    options = parser.parse_args()
    if options.quick:
        options.rounds = options.seconds = 1
    options.peers = [name for name in PEERS
                     if name in options.peers or name in ("coatcheck", "floor")]
    return options


def main():
    """Runs the sections and writes what they found."""
    options = arguments()
    os.environ["PATH"] += ":/usr/sbin:/sbin"  # nginx and php-fpm, where PATH leaves these out
    started = time.monotonic()
    texts, figures, reached = [], {}, []
    for name in options.only:
        section = SECTIONS[name]
        print(f"==> {section.TITLE}", flush=True)
        with Stage() as stage:
            markdown, figures[name], targets = section.measure(stage, options)
        texts.append(f"### {section.TITLE}\n\n{markdown}\n")
        reached += targets

    minutes = (time.monotonic() - started) / 60
    report = "\n".join([
        f"{os.cpu_count()} cores, Linux {platform.release()}, {WORKERS} workers where nothing else "
        f"is said; {options.rounds} rounds of {options.seconds} s, {minutes:.0f} minutes in all.\n",
        table(TARGET_HEADINGS, [target.row for target in reached]) + "\n", *texts])
    options.results.mkdir(parents=True, exist_ok=True)
    text, data = options.results / "bench.md", options.results / "bench.json"
    text.write_text(report)
    data.write_text(json.dumps(as_json(figures), indent=1) + "\n")
    is_whole = not options.quick and list(figures) == list(SECTIONS)
    picture = HERE / "results.svg" if is_whole else options.results / "bench.svg"
    plot.main(data, picture)
    print(f"\n{report}\nWritten: {text}, {data}, {picture}", flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    main()
