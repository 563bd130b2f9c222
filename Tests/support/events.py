"""Reads the program's log as strictly as a machine would."""

from __future__ import annotations

import json
import re
from pathlib import Path

Line = dict[str, str]

_FIELD = re.compile(
    r'([a-z][a-z_]*)=(?:([!#-<>-\[\]-~]+)|"((?:[^"\\\x00-\x1f\x7f-\x9f\u2028\u2029]|\\["\\]'
    r'|\\u\{[0-9a-f]{1,4}\})*)")'
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_ESCAPE = re.compile(r'\\(?:(["\\])|u\{([0-9a-f]+)\})')
# The timers of the store and what tells of commands beside the server; never of a request.
BACKGROUND = ("foreign_changes_seen", "session_expired")


def _unescape(text: str) -> str:
    return _ESCAPE.sub(lambda m: m.group(1) or chr(int(m.group(2), 16)), text)


def parse_logfmt(line: str) -> Line:
    """The fields of one line; anything but fields with one blank between them is a failure."""
    fields: Line = {}
    at = 0
    while True:
        match = _FIELD.match(line, at)
        assert match, f"no field at {at} of {line!r}"
        name, plain, quoted = match.groups()
        assert name not in fields, f"{name} stands twice in {line!r}"
        fields[name] = plain if plain is not None else _unescape(quoted)
        at = match.end()
        if at == len(line):
            return fields
        assert line[at] == " ", f"no blank at {at} of {line!r}"
        at += 1


def _members(pairs: list[tuple[str, object]]) -> Line:
    assert len({name for name, _ in pairs}) == len(pairs), f"a name stands twice: {pairs}"
    assert all(isinstance(value, str) for _, value in pairs), f"not a text: {pairs}"
    return {name: str(value) for name, value in pairs}


def parse_json(line: str) -> Line:
    """The members of one line that is a JSON object of texts."""
    assert line.startswith("{") and not _CONTROL.search(line), repr(line)
    value = json.loads(line, object_pairs_hook=_members)
    assert isinstance(value, dict)
    return value


def lines(octets: bytes) -> list[str]:
    """The lines of a log, each of which ends with a line feed and holds at most 4096 bytes."""
    assert not octets or octets.endswith(b"\n"), f"half a line: {octets[-200:]!r}"
    found = octets.split(b"\n")[:-1]
    assert all(0 < len(line) < 4096 for line in found)
    return [line.decode("utf-8") for line in found]


class EventLog:
    """The log of a program, read from where the last look ended."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = path.stat().st_size if path.exists() else 0

    def octets(self) -> bytes:
        """What was written since the last look."""
        with self._path.open("rb") as file:
            file.seek(self._seen)
            new = file.read()
        self._seen += len(new)
        return new

    def new(self) -> list[Line]:
        """The events since the last look, those of the timers aside."""
        found = [parse_logfmt(line) for line in lines(self.octets())]
        return [line for line in found if line["event"] not in BACKGROUND]
