"""Reads Prometheus' text format, version 0.0.4, and refuses whatever the format does not allow."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

Labels = tuple[tuple[str, str], ...]

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"')
_SAMPLE = re.compile(rf"({_NAME})(?:\{{(.*)\}})? (\S+)")
_NUMBER = re.compile(r"[+-]?(?:Inf|NaN|\d+(?:\.\d+)?(?:e[+-]?\d+)?)")
TYPES = ("counter", "gauge", "histogram")


@dataclass
class Family:
    """A metric: its help, its type, and its series by name and labels."""

    help: str
    type: str = ""
    series: dict[tuple[str, Labels], float] = field(default_factory=dict)


def _labels(text: str | None) -> Labels:
    if text is None:
        return ()
    found: list[tuple[str, str]] = []
    at = 0
    while True:
        match = _LABEL.match(text, at)
        assert match, f"no label at {at} of {text!r}"
        assert not match[1].startswith("__") and match[1] not in dict(found), text
        value = re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], match[2])
        found.append((match[1], value))
        at = match.end()
        if at == len(text):
            return tuple(sorted(found))
        assert text[at] == ",", f"no comma at {at} of {text!r}"
        at += 1


def parse(text: str) -> dict[str, Family]:
    """The metrics by name; each has HELP, TYPE and its series together, in this order."""
    assert text.endswith("\n") and "\r" not in text and "\n\n" not in text
    families: dict[str, Family] = {}
    name = ""
    for line in text.split("\n")[:-1]:
        if line.startswith("# HELP "):
            _, _, name, words = line.split(" ", 3)
            assert re.fullmatch(_NAME, name) and name not in families, line
            assert words.strip() == words != "", line
            families[name] = Family(words)
            continue
        family = families[name]
        if line.startswith("# TYPE "):
            _, _, named, kind = line.split(" ")
            assert named == name and kind in TYPES, line
            assert not family.type and not family.series, line
            family.type = kind
            continue
        match = _SAMPLE.fullmatch(line)
        assert match and family.type, f"not a sample in its place: {line!r}"
        ends = ("_bucket", "_sum", "_count") if family.type == "histogram" else ("",)
        assert match[1] in [name + end for end in ends], line
        assert _NUMBER.fullmatch(match[3]), line
        key = (match[1], _labels(match[2]))
        assert key not in family.series, f"twice: {line}"
        family.series[key] = float(match[3])
    for name, family in families.items():
        _judge(name, family)
    return families


def _judge(name: str, family: Family) -> None:
    if family.type == "gauge":
        return
    assert all(v >= 0 and math.isfinite(v) for v in family.series.values()), name
    if family.type == "counter":
        assert name.endswith("_total"), name
        return
    buckets = [(dict(k[1])["le"], v) for k, v in family.series.items() if k[0].endswith("_bucket")]
    ends = [float(end) for end, _ in buckets]
    assert ends == sorted(set(ends)) and buckets[-1][0] == "+Inf", buckets
    counts = [count for _, count in buckets]
    assert counts == sorted(counts), f"not cumulative: {buckets}"
    assert counts[-1] == family.series[f"{name}_count", ()], "+Inf is the count"
    assert len(family.series) == len(buckets) + 2 and (f"{name}_sum", ()) in family.series


class Scrape:
    """The numbers of one moment."""

    def __init__(self, text: str) -> None:
        self.families = parse(text)
        self.series = {k: v for f in self.families.values() for k, v in f.series.items()}

    def value(self, name: str, **labels: str) -> float:
        """One number; a series that does not exist yet is 0."""
        return self.series.get((name, tuple(sorted(labels.items()))), 0.0)

    def moved(self, name: str, before: Scrape | None = None) -> dict[tuple[str, ...], float]:
        """By how much the series of a name have grown, by the values of their labels."""
        found = {}
        for key, value in self.series.items():
            growth = value - (before.series.get(key, 0.0) if before is not None else 0.0)
            if key[0] == name and growth != 0:
                found[tuple(v for _, v in key[1])] = growth
        return found
