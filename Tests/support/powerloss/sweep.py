"""Goes through a record, takes the power away at place after place, and looks what is left."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from .disk import Disk, Fate, Image, torn, whole
from .log import ANSWER, END, Record
from .model import State
from .verdict import Acknowledgements, lay_out, read

# Says what is in the database that lies in a folder.
Reading = Callable[[Path], State]


@dataclass
class Report:
    """What was tried, and what was wrong."""

    places: int = 0
    images: int = 0
    complaints: list[str] = field(default_factory=list)


def sweep(
    records: Sequence[Record],
    disk: Disk,
    acknowledged: Acknowledgements,
    folder: Path,
    random: Random,
    images: int,
    reading: Reading = read,
) -> Report:
    """Tries some `images` over the whole record.

    Half of them at the ends of syncs and at answers, with the least that can be there: nothing
    that was not synced. The others are spread over all places, with some of the rest, whole or torn.
    """
    report = Report()
    marked = images / 2 / sum(record.kind in (ANSWER, END) for record in records)
    spread = images / 2 / len(records)
    for record in records:
        disk.follow(record)
        acknowledged.follow(record)
        tries: list[tuple[float, Fate]] = []
        if record.kind in (ANSWER, END):
            tries += [(0, whole)] * (random.random() < marked)
        if not disk.is_settled:
            tries += [_fate(random) for _ in range(int(spread + random.random()))]
        report.places += bool(tries)
        for share, fate in tries:
            image = disk.image(random, fate, share)
            report.images += 1
            said = _judge(image, acknowledged, folder, random, reading)
            report.complaints += [f"at {disk.at} of the record: {text}" for text in said]
    return report


def _fate(random: Random) -> tuple[float, Fate]:
    """How much of what was not synced is there, and in which state."""
    fate = random.choice([whole, torn(random), torn(random, garbage=True)])
    return random.choice([0.2, 0.5, 0.8, 1]), fate


def _judge(
    image: Image,
    acknowledged: Acknowledgements,
    folder: Path,
    random: Random,
    reading: Reading,
) -> list[str]:
    try:
        lay_out(image, folder, random)
        return acknowledged.complaints(reading(folder))
    except (AssertionError, sqlite3.Error) as failure:
        return [f"{type(failure).__name__}: {failure}"]
