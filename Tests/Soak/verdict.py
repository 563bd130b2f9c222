"""Whether what was sampled stayed flat: the growth over the second half, by a robust fit."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

from samples import Sample


@dataclass(frozen=True)
class Series:
    """Something that must not grow, and by how much it may in the second half all the same."""

    name: str
    unit: str
    # Of the median of the second half, or this many units, whichever is more.
    share: float
    least: float
    # Whether only samples count in which the machine was not busy with other things.
    in_calm: bool = False


# Memory, descriptors and threads hardly move. Rows follow the dice of who logs in when, and the
# figures per second follow whatever else the machine does.
SERIES = (
    Series("resident", "MiB", 0.02, 1),
    Series("anonymous", "MiB", 0.02, 1),
    Series("descriptors", "", 0.02, 2),
    Series("threads", "", 0, 0.5),
    Series("database", "MB", 0.03, 0.2),
    Series("write-ahead log", "MB", 0.03, 0.5),
    Series("sessions", "rows", 0.1, 20),
    Series("ended_sessions", "rows", 0.03, 200),
    Series("audit", "rows", 0.05, 500),
    Series("throttle", "rows", 0.15, 20),
    Series("known_devices", "rows", 0.1, 20),
    Series("p50", "ms", 0.25, 0.5, in_calm=True),
    Series("p99", "ms", 0.5, 5, in_calm=True),
    Series("cpu", "% of a core", 0.15, 1),
    Series("log", "KiB a minute", 0.15, 2),
)


# How busy the machine may be, in per cent, where latency is to say something; and what share of the
# samples must have been as calm.
CALM, CALM_SHARE = 70.0, 0.25
# What else the machine did, for the reader of the latencies.
CONTEXT = (Series("machine", "% busy", 0, 0), Series("checks", "a second", 0, 0))


@dataclass(frozen=True)
class Judgement:
    """What became of one series in the second half."""

    series: Series
    median: float
    growth: float
    allowed: float
    is_judged: bool = True

    @property
    def is_flat(self) -> bool:
        """Whether it grew by no more than it may; less is no fault."""
        return not self.is_judged or self.growth <= self.allowed

    def __str__(self) -> str:
        name = f"{self.series.name} ({self.series.unit})" if self.series.unit else self.series.name
        verdict = "flat" if self.is_flat else "GROWS"
        return (
            f"{name:<24}{self.median:>12.2f}{self.growth:>+12.3f}{self.allowed:>12.3f}  "
            f"{verdict if self.is_judged else 'not judged: the machine was busy'}"
        )


HEADING = f"{'second half':<24}{'median':>12}{'growth':>12}{'allowed':>12}"


def judge(samples: list[Sample]) -> list[Judgement]:
    """Judges each series by the samples of the second half."""
    half = [s for s in samples if s["minutes"] >= samples[-1]["minutes"] / 2]
    found = []
    for series in SERIES:
        calm = [s for s in half if s["machine"] <= CALM]
        is_judged = not series.in_calm or len(calm) >= CALM_SHARE * len(half)
        chosen = calm if series.in_calm and is_judged else half
        points = [(s["minutes"], s[series.name]) for s in chosen if series.name in s]
        median = statistics.median(value for _, value in points)
        growth = slope(points) * (points[-1][0] - points[0][0])
        allowed = max(series.share * median, series.least)
        found.append(Judgement(series, median, growth, allowed, is_judged))
    return found


def slope(points: list[tuple[float, float]]) -> float:
    """The median of the slopes of all pairs of points (Theil and Sen): outliers do not count."""
    slopes = [
        (y2 - y1) / (x2 - x1)
        for index, (x1, y1) in enumerate(points)
        for x2, y2 in points[index + 1 :]
    ]
    return statistics.median(slopes)
