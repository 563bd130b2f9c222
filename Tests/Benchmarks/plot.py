"""Draws the figures of a run:  plot.py BENCH_JSON SVG

Three pictures in one file: throughput of every peer, latency of Coatcheck and of the C responder,
and how throughput grows with sessions, connections and workers.
"""

import json
import pathlib
import sys

from figures import latencies, rates
from load import Run
from peers import FLOOR
from svg import Picture, Scale, round_up

WIDTH, MARGIN = 880, 24
OWN = "Coatcheck"
KINDS = {OWN: "own", FLOOR: "floor"}


def main(source, target):
    """Reads the figures and writes the picture."""
    figures = revive(json.loads(pathlib.Path(source).read_text()))
    pathlib.Path(target).write_text(str(draw(figures)))


def revive(value):
    """Runs as they were before they became JSON."""
    if isinstance(value, list):
        return [revive(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"rate", "latency"}:
        return Run(value["rate"], {float(key): time for key, time in value["latency"].items()})
    return {key: revive(inner) for key, inner in value.items()}


def draw(figures):
    """All that there are figures for."""
    picture = Picture(WIDTH, "Benchmark of Coatcheck")
    if "checks" in figures:
        throughput(picture, figures["checks"])
        latency(picture, figures["checks"])
    if "growth" in figures:
        growth(picture, figures["growth"])
    return picture


def heading(picture, words, explanation):
    """The title of one of the pictures; returns where it may begin."""
    top = picture.height + 34
    picture.text(MARGIN, top, words, "title")
    picture.text(MARGIN, top + 18, explanation, "quiet")
    return top + 34


def throughput(picture, checks):
    """A row for each peer, a column for each way, a bar for each number of connections."""
    ways = list(dict.fromkeys(group.split(", ")[0] for group in checks))
    counts = list(dict.fromkeys(group.split(", ")[1] for group in checks))
    names = in_one_order(checks.values())
    top = heading(picture, "Answers per second",
                  "Medians of the rounds, with the least and the most; upper bar: "
                  f"{counts[0]} connections, lower bar: {counts[-1]}.")
    labels, bar = 226, 11
    column = (WIDTH - 2 * MARGIN - labels) / len(ways)
    high = round_up(max(rates(runs).high for group in checks.values() for runs in group.values()))
    for index, way in enumerate(ways):
        left = MARGIN + labels + index * column
        scale = Scale(0, high, left, left + column - 44)
        picture.text(left, top + 12, way)
        for row, name in enumerate(names):
            y = top + 22 + row * (2 * bar + 12)
            if index == 0:
                picture.text(left - 12, y + bar + 4, name, anchor="end")
            for place, count in enumerate((counts[0], counts[-1])):
                runs = checks[f"{way}, {count}"].get(name)
                if not runs:
                    continue
                spread = rates(runs)
                kind = KINDS.get(name, "other") + ("-2" if place == 0 else "")
                at = y + place * (bar + 1)
                picture.rectangle(left, at, scale(spread.median) - left, bar, kind)
                picture.line(scale(spread.low), at + bar / 2, scale(spread.high), at + bar / 2,
                             "line-ink")
                picture.text(scale(max(spread.median, spread.high)) + 5, at + bar - 1,
                             thousands(spread.median), "small quiet")


def in_one_order(groups):
    """All names, each after the one that it follows in its group."""
    names = []
    for group in groups:
        before = -1
        for name in group:
            if name not in names:
                names.insert(before + 1, name)
            before = names.index(name)
    return names


def thousands(rate):
    """`28.4k`"""
    return f"{rate / 1000:.1f}k"


def latency(picture, checks):
    """The distribution of the latency of auth_request, a panel for each number of connections."""
    groups = [group for group in checks if group.startswith("auth_request")]
    top = heading(picture, "Latency of checks through auth_request, ms",
                  "The share of answers that took no longer; medians of the rounds.")
    points = [0, 50, 75, 90, 95, 99, 99.5, 99.9, 99.99]
    values = [latencies(checks[group][name], point).median
              for group in groups for name in (OWN, FLOOR) for point in points]
    ticks = [tick for tick in (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000)
             if min(values) / 3 < tick < max(values) * 3]
    width = (WIDTH - 2 * MARGIN) / len(groups)
    bottom = top + 200
    for index, group in enumerate(groups):
        left = MARGIN + 36 + index * width
        right = MARGIN + (index + 1) * width - 84
        # Each factor of ten of the rest of the answers is as wide: 90, 99, 99.9.
        across = Scale(1, 1e4, left, right, logarithmic=True)
        down = Scale(ticks[0], ticks[-1], bottom, top + 24, logarithmic=True)
        picture.text(left, top + 10, group.split(", ")[1] + " connections")
        for tick in ticks:
            picture.line(left, down(tick), right, down(tick), "grid")
            picture.text(left - 6, down(tick) + 4, f"{tick:g}", "small quiet", "end")
        for point in (0, 90, 99, 99.9, 99.99):
            x = across(100 / (100 - point))
            picture.line(x, top + 24, x, bottom, "grid")
            picture.text(x, bottom + 16, f"{point:g} %", "small quiet", "middle")
        ends = []
        for name in (FLOOR, OWN):
            line = [(across(100 / (100 - point)),
                     down(latencies(checks[group][name], point).median)) for point in points]
            picture.path(line, "line-" + KINDS[name])
            ends.append((line[-1][1], name))
        label_ends(picture, right + 6, ends)


def label_ends(picture, x, ends):
    """Names at the ends of lines, as far apart as a line of text is high."""
    ends.sort()
    lowest = -20
    for y, name in ends:
        lowest = max(y, lowest + 14)
        picture.text(x, lowest + 4, name, "small " + KINDS[name])


def growth(picture, figures):
    """Throughput over sessions, connections and workers."""
    top = heading(picture, "Checks per second by sessions, connections and workers",
                  "Through auth_request; medians of the rounds, with the least and the most.")
    stores = {name: runs for name, runs in figures["sessions"].items() if name.startswith("10^")}
    panels = {
        "live sessions": {
            10 ** int(name.split()[0][3:]): {OWN: runs, FLOOR: figures["sessions"][FLOOR]}
            for name, runs in stores.items()},
        **{what: {int(count): {FLOOR if name == FLOOR else OWN: runs
                               for name, runs in members.items()}
                  for count, members in figures[what].items()}
           for what in ("connections", "workers")}}
    high = round_up(max(rates(runs).high for panel in panels.values()
                        for members in panel.values() for runs in members.values()))
    width = (WIDTH - 2 * MARGIN) / len(panels)
    bottom = top + 180
    for index, (what, panel) in enumerate(panels.items()):
        left, right = MARGIN + 36 + index * width, MARGIN + (index + 1) * width - 20
        across = Scale(min(panel), max(panel), left, right, logarithmic=True)
        down = Scale(0, high, bottom, top + 24)
        picture.text(left, top + 10, what)
        for part in range(5):
            value = high * part / 4
            picture.line(left, down(value), right, down(value), "grid")
            picture.text(left - 6, down(value) + 4, f"{value / 1000:g}k", "small quiet", "end")
        for count in panel:
            picture.text(across(count), bottom + 16, short(count), "small quiet", "middle")
        for name in (FLOOR, OWN):
            spreads = {count: rates(members[name]) for count, members in panel.items()
                       if name in members}
            for count, spread in spreads.items():
                x = across(count)
                picture.line(x, down(spread.low), x, down(spread.high), "line-" + KINDS[name])
                picture.dot(x, down(spread.median), KINDS[name])
            picture.path([(across(count), down(spread.median))
                          for count, spread in spreads.items()], "line-" + KINDS[name])
    y = bottom + 40
    for place, name in enumerate((OWN, FLOOR)):
        picture.dot(MARGIN + 40 + place * 110, y - 4, KINDS[name])
        picture.text(MARGIN + 50 + place * 110, y, name, "small")


def short(count):
    """`1k`, `1M`"""
    return (f"{count // 10**6}M" if count >= 10**6 else f"{count // 1000}k" if count >= 1000
            else str(count))


if __name__ == "__main__":
    main(*sys.argv[1:])
