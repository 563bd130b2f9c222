"""What a disk could hold when the power goes, made of a record of what was asked of it.

What was synced is there. Of what came later each write may be there or not, in any order, whole or
in sectors, and the same goes for lengths of files and for names in the folder: a file that was made
is found under its name for certain only after the folder was synced. Bytes beside those of a write
stay as they were (SQLite calls that powersafe overwrite).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

from .log import BEGIN, CREATE, END, FOLDER, RENAME, TRUNCATE, UNLINK, WRITE, Record

# What a disk writes at once; drives with sectors of 4096 bytes tear less.
SECTOR = 512

# Whether, and how, a change that was not synced reached the disk: decided anew for each.
Fate = Callable[[Record, bytearray], None]
# A folder's files by their names.
Image = dict[str, bytes]


@dataclass
class _Pending:
    """What is durable, and what was asked for since, each with its place in the record."""

    changes: list[tuple[int, Record]] = field(default_factory=list)

    def take(self, until: int) -> list[Record]:
        """Takes out the changes that came before a place in the record."""
        taken = [change for at, change in self.changes if at < until]
        self.changes = [(at, change) for at, change in self.changes if at >= until]
        return taken


@dataclass
class _File(_Pending):
    content: bytearray = field(default_factory=bytearray)


@dataclass
class _Folder(_Pending):
    names: dict[str, int] = field(default_factory=dict)


class Disk:
    """The disk at one place of a record, from which it can be taken further."""

    def __init__(self, start: Path | None = None) -> None:
        """Begins with what is in a folder, all of which is taken to be durable."""
        self._folder = _Folder()
        self._files: list[_File] = []
        # Which file has a number now: the number of one that is gone is used again.
        self._numbered: dict[int, int] = {}
        # Where in the record each thread began the sync that it waits for.
        self._syncs: dict[tuple[int, int], int] = {}
        self.at = 0
        for path in start.iterdir() if start is not None else []:
            self._folder.names[path.name] = self._add(path.stat().st_ino, path.read_bytes())

    def follow(self, record: Record) -> None:
        """Goes on by one event."""
        if record.kind == CREATE:
            made = replace(record, file=self._add(record.file))
            self._folder.changes.append((self.at, made))
        elif record.kind in (UNLINK, RENAME):
            self._folder.changes.append((self.at, record))
        elif record.kind in (WRITE, TRUNCATE):
            self._file(record).changes.append((self.at, record))
        elif record.kind == BEGIN:
            self._syncs[record.thread, record.file] = self.at
        elif record.kind == END:
            # What was asked for while the sync was under way may have missed it.
            began = self._syncs.pop((record.thread, record.file))
            if record.file == FOLDER:
                for change in self._folder.take(began):
                    _rename(change, self._folder.names)
            else:
                file = self._file(record)
                for change in file.take(began):
                    whole(change, file.content)
        self.at += 1

    def _add(self, number: int, content: bytes = b"") -> int:
        self._files.append(_File(content=bytearray(content)))
        self._numbered[number] = len(self._files) - 1
        return self._numbered[number]

    def _file(self, record: Record) -> _File:
        return self._files[self._numbered[record.file]]

    @property
    def is_settled(self) -> bool:
        """Whether nothing waits to be synced: then there is one image only."""
        return not self._folder.changes and not any(f.changes for f in self._files)

    def missed(self, folder: Path) -> list[Record]:
        """The writes that explain why a folder holds something else than was recorded.

        There is one at most, and only after a kill: a process can end between a write and its
        record.
        """
        whole_image = self.image(Random(), whole, 1)
        files = {p.name: p for p in folder.iterdir() if not p.name.endswith("-shm")}
        assert files.keys() == whole_image.keys(), "a file was made or removed without a record"
        writes = []
        for name, path in files.items():
            old, new = whole_image[name], path.read_bytes()
            if old == new:
                continue
            assert len(new) >= len(old), f"{name} was cut without a record"
            start = len(os.path.commonprefix([old, new]))
            end = len(new)
            while end <= len(old) and old[end - 1] == new[end - 1]:
                end -= 1
            writes.append(Record(WRITE, 0, path.stat().st_ino, start, new[start:end]))
        return writes

    def image(self, random: Random, fate: Fate, share: float) -> Image:
        """One of the things that the disk could hold.

        `share` of the changes reach it, each by its `fate`; lost names leave the old ones.
        """
        names = dict(self._folder.names)
        for _, change in self._folder.changes:
            if random.random() < share:
                _rename(change, names)
        files = {}
        for name, number in names.items():
            file = self._files[number]
            content = bytearray(file.content)
            for _, change in file.changes:
                if random.random() < share:
                    fate(change, content)
            files[name] = bytes(content)
        return files


def whole(change: Record, content: bytearray) -> None:
    """The fate of a change that has reached the disk."""
    if change.kind == TRUNCATE:
        del content[change.offset :]
        content.extend(bytes(change.offset - len(content)))
        return
    _put(content, change.offset, change.data)


def torn(random: Random, garbage: bool = False) -> Fate:
    """The fate of a write of which each sector is there or not, or holds neither old nor new."""

    def tear(change: Record, content: bytearray) -> None:
        if change.kind == TRUNCATE:
            return whole(change, content)
        start, end = change.offset, change.offset + len(change.data)
        while start < end:
            stop = min(end, (start // SECTOR + 1) * SECTOR)
            piece = change.data[start - change.offset : stop - change.offset]
            chance = random.random()
            if garbage and chance < 0.2:
                _put(content, start, random.randbytes(len(piece)))
            elif chance < 0.6:
                _put(content, start, piece)
            start = stop

    return tear


def _put(content: bytearray, offset: int, data: bytes) -> None:
    content.extend(bytes(max(0, offset - len(content))))
    content[offset : offset + len(data)] = data


def _rename(change: Record, names: dict[str, int]) -> None:
    name = change.data.decode()
    if change.kind == CREATE:
        names[name] = change.file
    elif change.kind == UNLINK:
        names.pop(name, None)
    else:
        old, _, new = name.partition("\0")
        if old in names:
            names[new] = names.pop(old)
