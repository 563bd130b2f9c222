"""Building the recorder and reading what it has written."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from support import preload

CREATE, UNLINK, RENAME, WRITE, TRUNCATE = b"C", b"U", b"R", b"W", b"T"
BEGIN, END, ANSWER = b"B", b"E", b"A"
# The number that stands for the folder itself.
FOLDER = 0
# `struct record` of recorder.c.
_HEAD = struct.Struct("<IIQQQ")


@dataclass(frozen=True, slots=True)
class Record:
    """One event: what happened, by which thread, to which file."""

    kind: bytes
    thread: int
    file: int
    offset: int
    data: bytes


class Recorder:
    """Where a recorded program works and where its record is."""

    def __init__(self, scratch: Path, folder: Path) -> None:
        self.log = scratch / "power.log"
        self._library = scratch / "recorder.so"
        self._folder = folder
        source = Path(__file__).with_name("recorder.c")
        preload.build(source, self._library)

    def environment(self, **more: str) -> dict[str, str]:
        """What makes a program be recorded; a wait for the disk takes 2 ms."""
        return {
            "LD_PRELOAD": str(self._library),
            "POWERLOSS_FOLDER": str(self._folder),
            "POWERLOSS_LOG": str(self.log),
            "POWERLOSS_US": "2000",
        } | more

    def mark(self, name: str) -> None:
        """Notes that something is acknowledged which is no answer, such as a command's end."""
        self.append(Record(ANSWER, 0, 0, 0, f"/{name}".encode()))

    def append(self, record: Record) -> None:
        """Adds an event that the recorder could not write down itself."""
        numbers = (record.thread, record.file, record.offset, len(record.data))
        with self.log.open("ab", buffering=0) as file:
            file.write(_HEAD.pack(record.kind[0], *numbers) + record.data)

    def records(self) -> list[Record]:
        """The whole record so far."""
        return list(_parse(self.log.read_bytes()))


def _parse(octets: bytes) -> Iterator[Record]:
    at = 0
    while at < len(octets):
        kind, thread, file, offset, length = _HEAD.unpack_from(octets, at)
        at += _HEAD.size
        assert at + length <= len(octets), "the record ends in the middle of an event"
        yield Record(bytes([kind]), thread, file, offset, octets[at : at + length])
        at += length
