"""FastCGI requests, damaged: what a peer that is not nginx, or a broken one, could send.

A request is a list of records that are damaged one by one before they are joined, so that what is
damaged mostly still looks like FastCGI. Two things that end libfcgi 2.4.2 itself are never made:
FCGI_GET_VALUES with names, and lengths of a name and its value that together pass 2^31.
"""

from __future__ import annotations

import random
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass, replace

from .fastcgi import ABORT, BEGIN, END, PARAMS, STDERR, STDIN, STDOUT, Parameters, encode

GET_VALUES, DATA = 9, 8
# The first byte of a length of four bytes.
LONG = re.compile(rb"[\x80-\xff]")


@dataclass(frozen=True)
class Record:
    """A record before it is written; `lie` is added to the length that it announces."""

    kind: int
    content: bytes = b""
    request_id: int = 1
    version: int = 1
    padding: int = 0
    lie: int = 0

    def octets(self) -> bytes:
        """The record as it is sent."""
        length = (len(self.content) + self.lie) % 65536
        head = struct.pack(
            ">BBHHBB", self.version, self.kind, self.request_id, length, self.padding, 0
        )
        return head + self.content + b"\x00" * self.padding


def records(parameters: Parameters, body: bytes, keep: bool) -> list[Record]:
    """A request as nginx sends it."""
    first = Record(BEGIN, struct.pack(">HB5x", 1, int(keep)))
    stream = [Record(PARAMS, encode(parameters)), Record(PARAMS)]
    return [first, *stream, *([Record(STDIN, body)] if body else []), Record(STDIN)]


def ends_libfcgi(octets: bytes) -> bool:
    """Whether libfcgi may read a name and a value in these bytes that are too long together.

    It adds the two lengths as an `int` and stops the process when that overflows. Where pairs begin
    depends on what is before them, so every place is looked at where four bytes may be a length.
    """
    content = _parameters_as_read(octets)
    for found in LONG.finditer(content):
        one = _length(content, found.start())
        next_one = _length(content, found.start() + 4)
        # The length of a name and then that of its value; or that of a value, behind a short name.
        if one + max(next_one, 127) + 2 >= 1 << 31:
            return True
    return False


def _parameters_as_read(octets: bytes) -> bytes:
    """The content of the PARAMS records, by the lengths that the records announce."""
    content, place = b"", 0
    while place + 8 <= len(octets):
        _, kind, _, length, padding = struct.unpack_from(">BBHHB", octets, place)
        if kind == PARAMS:
            content += octets[place + 8 : place + 8 + length]
        place += 8 + length + padding
    return content


def _length(content: bytes, place: int) -> int:
    """A length of one or four bytes; what is not there yet may be anything."""
    octets = content[place : place + 4].ljust(4, b"\xff")
    return octets[0] if octets[0] < 128 else struct.unpack(">I", octets)[0] & 0x7FFF_FFFF


class Mutator:
    """Damages requests; the same seed damages in the same way."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self._ways: list[Callable[[list[Record]], None]] = [
            self._drop, self._repeat, self._swap, self._split, self._retype, self._rename, self._pad,
            self._lie, self._insert, self._scribble, self._version, self._begin,
        ]  # fmt: skip

    def damaged(self, parameters: Parameters, body: bytes = b"") -> bytes:
        """One or two requests on one connection, damaged one to five times."""
        while ends_libfcgi(octets := self._damaged(parameters, body)):
            pass
        return octets

    def _damaged(self, parameters: Parameters, body: bytes) -> bytes:
        keep = self.chance.random() < 0.3
        request = records(self._parameters(parameters), body, keep)
        if keep:
            request += records(parameters, body, keep=False)
        for _ in range(self.chance.randint(1, 5)):
            self.chance.choice(self._ways)(request)
        octets = b"".join(record.octets() for record in request)
        if self.chance.random() < 0.3:
            return octets[: self.chance.randrange(len(octets) + 1)]
        return octets

    def _parameters(self, parameters: Parameters) -> Parameters:
        """The parameters: one left out, twice, elsewhere, with NUL or much longer, or as they are."""
        changed = list(parameters)
        place = self.chance.randrange(len(changed))
        name, value = changed[place]
        match self.chance.randrange(8):
            case 0:
                del changed[place]
            case 1:
                changed.insert(self.chance.randrange(len(changed)), (name, "x"))
            case 2:
                self.chance.shuffle(changed)
            case 3:
                changed[place] = (name, f"\0{value!s}")
            case 4:
                changed[place] = (name, "x" * self.chance.choice([127, 128, 8192, 40_000]))
            case 5:
                changed[place] = (f"{name!s}=", value)
        return changed

    def _place(self, request: list[Record]) -> int:
        if not request:
            request.append(Record(BEGIN))
        return self.chance.randrange(len(request))

    def _change(self, request: list[Record], **fields: int | bytes) -> None:
        place = self._place(request)
        request[place] = replace(request[place], **fields)  # type: ignore[arg-type]

    def _drop(self, request: list[Record]) -> None:
        del request[self._place(request)]

    def _repeat(self, request: list[Record]) -> None:
        place = self._place(request)
        request.insert(place, request[place])

    def _swap(self, request: list[Record]) -> None:
        one, other = self._place(request), self._place(request)
        request[one], request[other] = request[other], request[one]

    def _split(self, request: list[Record]) -> None:
        """Cuts a record's content into records of a few bytes, which is allowed."""
        place = self._place(request)
        record, size = request[place], self.chance.choice([1, 7, 100])
        pieces = [record.content[at : at + size] for at in range(0, len(record.content), size)]
        request[place : place + 1] = [replace(record, content=p) for p in pieces] or [record]

    def _retype(self, request: list[Record]) -> None:
        kinds = [0, BEGIN, ABORT, END, PARAMS, STDIN, STDOUT, STDERR, DATA, 10, 11, 12, 255]
        self._change(request, kind=self.chance.choice(kinds))

    def _rename(self, request: list[Record]) -> None:
        self._change(request, request_id=self.chance.choice([0, 2, 256, 65535]))

    def _pad(self, request: list[Record]) -> None:
        self._change(request, padding=self.chance.choice([1, 7, 255]))

    def _lie(self, request: list[Record]) -> None:
        self._change(request, lie=self.chance.choice([-8, -1, 1, 8, 255, 8192, 60_000]))

    def _insert(self, request: list[Record]) -> None:
        record = self.chance.choice(
            [
                Record(ABORT),
                Record(STDIN),
                Record(PARAMS),
                Record(GET_VALUES, request_id=0),
                Record(77, b"what", request_id=0),
                Record(STDIN, b"x" * 70, request_id=9),
                Record(DATA, b"x"),
            ]
        )
        request.insert(self._place(request), record)

    def _scribble(self, request: list[Record]) -> None:
        place = self._place(request)
        content = bytearray(request[place].content)
        for _ in range(self.chance.randint(1, 3)):
            if content:
                content[self.chance.randrange(len(content))] = self.chance.randrange(128)
        request[place] = replace(request[place], content=bytes(content))

    def _version(self, request: list[Record]) -> None:
        self._change(request, version=self.chance.choice([0, 2, 255]))

    def _begin(self, request: list[Record]) -> None:
        role, flags = self.chance.choice([0, 1, 2, 3, 9]), self.chance.choice([0, 1, 255])
        request.insert(self._place(request), Record(BEGIN, struct.pack(">HB5x", role, flags)))
