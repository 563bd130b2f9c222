"""A program whose clock can be set and whose disk can be made to fail, by faults.c."""

from __future__ import annotations

import errno
import mmap
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SOURCE = Path(__file__).with_name("faults.c")
# Where the fault of each kind of call begins in the switches: errno, how many left, how many failed.
PLACES = {"reading": 8, "writing": 32, "waiting": 56}
ALL = -1


class Switches:
    """The library that goes under a program, and the switches that it looks at."""

    def __init__(self, folder: Path) -> None:
        library, file = folder / "faults.so", folder / "switches"
        subprocess.run(
            ["gcc", "-O2", "-Wall", "-Werror", "-shared", "-fPIC", "-o", library, SOURCE],
            check=True,
            timeout=60,
        )
        file.write_bytes(bytes(80))
        with file.open("r+b") as opened:
            self._map = mmap.mmap(opened.fileno(), 80)
        self.environment = {"LD_PRELOAD": str(library), "FAULTS": str(file)}

    def set_clock(self, seconds: int) -> None:
        """Makes the program's clock go wrong by so many seconds."""
        struct.pack_into("=q", self._map, 0, seconds)

    def failed(self, kind: str) -> int:
        """How many calls of a kind have failed."""
        return int(struct.unpack_from("=q", self._map, PLACES[kind] + 16)[0])

    @contextmanager
    def failing(self, kind: str, times: int = ALL, number: int = errno.EIO) -> Iterator[None]:
        """Lets the next calls of a kind fail, and afterwards none."""
        struct.pack_into("=q", self._map, PLACES[kind], number)
        struct.pack_into("=q", self._map, PLACES[kind] + 8, times)
        try:
            yield
        finally:
            struct.pack_into("=q", self._map, PLACES[kind] + 8, 0)
