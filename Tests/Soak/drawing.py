"""The picture of a soak: a panel for each series, over time."""

from __future__ import annotations

from samples import Sample
from svg import Picture, Scale, round_up
from verdict import CONTEXT, SERIES

WIDTH, MARGIN, COLUMNS = 880, 24, 3
PANEL_HEIGHT, LABELS = 132, 44


def draw(samples: list[Sample], title: str) -> str:
    """All series, each from nothing upwards; the last are the ones that were not judged."""
    picture = Picture(WIDTH, title)
    picture.text(MARGIN, 34, title, "title")
    picture.text(MARGIN, 52, "Over minutes; the second half was judged.", "quiet")
    width = (WIDTH - 2 * MARGIN) / COLUMNS
    for index, series in enumerate((*SERIES, *CONTEXT)):
        left = MARGIN + LABELS + index % COLUMNS * width
        right = MARGIN + (index % COLUMNS + 1) * width - 16
        top = 66 + index // COLUMNS * PANEL_HEIGHT
        bottom = top + PANEL_HEIGHT - 40
        points = [(s["minutes"], s[series.name]) for s in samples if series.name in s]
        high = round_up(max(max(value for _, value in points), 0.01))
        across = Scale(0, samples[-1]["minutes"], left, right)
        down = Scale(0, high, bottom, top + 22)
        unit = f", {series.unit}" if series.unit else ""
        picture.text(left, top + 12, series.name.replace("_", " ") + unit)
        for value in (0, high / 2, high):
            picture.line(left, down(value), right, down(value), "grid")
            picture.text(left - 6, down(value) + 4, f"{value:g}", "small quiet", "end")
        for share in (0, 0.5, 1):
            minutes = samples[-1]["minutes"] * share
            picture.text(across(minutes), bottom + 15, f"{minutes:.0f}", "small quiet", "middle")
        picture.path([(across(x), down(y)) for x, y in points], "line-own")
    return str(picture)
