"""A program whose clock can be set and whose disk can be made to fail, by faults.c."""

from __future__ import annotations

import errno
import mmap
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import preload

SOURCE = Path(__file__).with_name("faults.c")
# Where the fault of each kind of call begins in the switches, and what is there (faults.c).
PLACES = {"reading": 8, "writing": 40, "waiting": 72, "threading": 104}
SPARED, LEFT, FAILED, SIZE = 8, 16, 24, 136
ALL = -1


class Switches:
    """The library that goes under a program, and the switches that it looks at."""

    def __init__(self, folder: Path) -> None:
        library, file = folder / "faults.so", folder / "switches"
        preload.build(SOURCE, library)
        file.write_bytes(bytes(SIZE))
        with file.open("r+b") as opened:
            self._map = mmap.mmap(opened.fileno(), SIZE)
        self.environment = {"LD_PRELOAD": str(library), "FAULTS": str(file)}

    def set_clock(self, seconds: int) -> None:
        """Makes the program's clock go wrong by so many seconds."""
        struct.pack_into("=q", self._map, 0, seconds)

    def failed(self, kind: str) -> int:
        """How many calls of a kind have failed."""
        return int(struct.unpack_from("=q", self._map, PLACES[kind] + FAILED)[0])

    @contextmanager
    def failing(
        self, kind: str, times: int = ALL, number: int = errno.EIO, spared: int = 0
    ) -> Iterator[None]:
        """Lets calls of a kind fail, after `spared` that do not, and none of them afterwards."""
        self._set(kind, 0, number)
        self._set(kind, SPARED, spared)
        self._set(kind, LEFT, times)
        try:
            yield
        finally:
            self._set(kind, LEFT, 0)

    def _set(self, kind: str, place: int, value: int) -> None:
        struct.pack_into("=q", self._map, PLACES[kind] + place, value)
