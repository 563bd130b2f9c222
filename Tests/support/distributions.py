"""Whether two samples of times can be told apart."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence


def kolmogorov_smirnov(one: Sequence[float], two: Sequence[float]) -> tuple[float, float]:
    """The two-sample Kolmogorov-Smirnov test: the greatest distance D, and its p-value.

    The p-value is the asymptotic series of Kolmogorov's distribution with Stephens' correction for
    small samples (Press et al., Numerical Recipes, section 14.3).
    """
    a, b = sorted(one), sorted(two)
    i = j = 0
    distance = 0.0
    while i < len(a) and j < len(b):
        value = min(a[i], b[j])
        while i < len(a) and a[i] == value:
            i += 1
        while j < len(b) and b[j] == value:
            j += 1
        distance = max(distance, abs(i / len(a) - j / len(b)))
    size = math.sqrt(len(a) * len(b) / (len(a) + len(b)))
    x = (size + 0.12 + 0.11 / size) * distance
    if x < 0.2:
        return distance, 1.0
    terms = ((-1) ** (k - 1) * math.exp(-2 * (k * x) ** 2) for k in range(1, 101))
    return distance, min(1.0, max(0.0, 2 * sum(terms)))


def mann_whitney(one: Sequence[float], two: Sequence[float]) -> tuple[float, float]:
    """The Mann-Whitney test: the chance that one of the first is longer, and the p-value.

    The p-value is that of the normal approximation, two-sided, with ties counted by half.
    """
    wins = sum((x > y) + 0.5 * (x == y) for x in one for y in two)
    n, m = len(one), len(two)
    deviation = math.sqrt(n * m * (n + m + 1) / 12)
    z = (wins - n * m / 2) / deviation
    return wins / (n * m), math.erfc(abs(z) / math.sqrt(2))


def summary(name: str, times: Sequence[float]) -> str:
    """Median and quartiles in milliseconds."""
    low, middle, high = (1000 * q for q in statistics.quantiles(times, n=4))
    return f"{name}: n={len(times)} quartiles {low:.2f} / {middle:.2f} / {high:.2f} ms"
