"""The arithmetic of the benchmark: medians with their spread, ratios within rounds, tables."""

import math
import statistics
from dataclasses import dataclass


@dataclass(frozen=True)
class Spread:
    """The median of several rounds, the least and the most."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values):
        """The spread of a list, which is not empty."""
        return cls(statistics.median(values), min(values), max(values))

    def text(self, form):
        """`0.97 (0.95 to 1.01)`"""
        return f"{self.median:{form}} ({self.low:{form}} to {self.high:{form}})"


def percentile(values, share):
    """The least value that so many per cent of them do not exceed (nearest rank)."""
    return sorted(values)[max(0, math.ceil(share / 100 * len(values)) - 1)]


def rates(runs):
    """The spread of answers per second."""
    return Spread.of([run.rate for run in runs])


def latencies(runs, percentile):
    """The spread of a percentile of the latency, in milliseconds."""
    return Spread.of([run.latency[percentile] for run in runs])


def rate_ratio(runs, base):
    """How many times the throughput of others, round by round."""
    return Spread.of([own.rate / other.rate for own, other in zip(runs, base, strict=True)])


def latency_ratio(runs, base, percentile):
    """How many times the latency of others, round by round."""
    return Spread.of([own.latency[percentile] / other.latency[percentile]
                      for own, other in zip(runs, base, strict=True)])


@dataclass(frozen=True)
class Target:
    """Something that issue 4 asks for, and what was reached."""

    text: str
    reached: float
    least: float | None = None
    most: float | None = None

    @property
    def is_met(self):
        """Whether what was reached lies within the bounds."""
        return ((self.least is None or self.reached >= self.least)
                and (self.most is None or self.reached <= self.most))

    @property
    def row(self):
        """A row of the table of targets."""
        wanted = f"at least {self.least:g}" if self.most is None else f"at most {self.most:g}"
        return [self.text, wanted, f"{self.reached:.3g}", "yes" if self.is_met else "**no**"]


TARGET_HEADINGS = ["target", "wanted", "reached", "met"]


def table(headings, rows):
    """A Markdown table with columns of even width."""
    rows = [headings, *rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(headings))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |"
             for row in rows]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|",
                      *lines[1:]])
