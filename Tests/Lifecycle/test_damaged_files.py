"""Starts on files with random damage: right, or refused, or 503; never a crash or an ended session.

SQLite has no checksums in the database itself: a row whose bytes were changed to other well-formed
bytes is read as it is. COATCHECK_DAMAGE_TRIES says how much is tried, and COATCHECK_DAMAGE_SEED
repeats the choices of a run that failed.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import struct
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from support import fastcgi
from support.deployment import Deployment
from support.powerloss.clients import Client
from support.powerloss.model import Key, State
from support.powerloss.verdict import DATABASE, read
from support.program import Process, serve_command, write_settings
from support.waiting import wait_until

TRIES = int(os.environ.get("COATCHECK_DAMAGE_TRIES", "12"))
SEED = os.environ.get("COATCHECK_DAMAGE_SEED") or secrets.token_hex(4)
# A name that was changed within the schema is an error of SQL: `internal`.
REFUSAL = re.compile(r"cannot use \S+: (corrupt|schema|io|read-only|internal) \(.+\)")
# Of the log: a header of 32 bytes, then frames of 24 bytes and a page.
HEADER, FRAME = 32, 24 + 4096

Damage = Callable[[bytearray, Random, int], None]


def flip(octets: bytearray, chance: Random, end: int) -> None:
    octets[chance.randrange(end)] ^= 1 << chance.randrange(8)


def overwrite(octets: bytearray, chance: Random, end: int) -> None:
    start = chance.randrange(end)
    length = min(chance.randint(1, 64), end - start)
    octets[start : start + length] = chance.randbytes(length)


def clear_sector(octets: bytearray, chance: Random, end: int) -> None:
    start = chance.randrange(end) // 512 * 512
    length = min(512, end - start)
    octets[start : start + length] = bytes(length)


def clear_later_sector(octets: bytearray, chance: Random, end: int) -> None:
    """Not the first of a log: with its header and the head of its first frame gone it says no more
    than one that never reached the disk.
    """
    start = chance.randrange(512, end) // 512 * 512
    octets[start : start + 512] = bytes(512)


def cut(octets: bytearray, chance: Random, end: int) -> None:
    del octets[chance.randrange(end) :]


@dataclass
class Good:
    """Sound files after a kill, with what is in them: much in the database, much in the log."""

    folder: Path
    client: Client

    @property
    def state(self) -> State:
        """All of it was acknowledged."""
        return self.client.history.now

    @property
    def live(self) -> set[Key]:
        """The sessions that open."""
        return {k for a in self.state.accounts.values() if not a.disabled for k in a.live}

    def octets(self, ending: str) -> bytes:
        """The content of one of the files."""
        return (self.folder / f"{DATABASE}{ending}").read_bytes()


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Good:
    folder = tmp_path_factory.mktemp("good")
    site = Deployment({"password.memory": 1024}, with_gateway=False)
    with site:
        client = Client(site, "good")
        client.work(60, Random(SEED))
        site.restart()
        client.work(60, Random(f"{SEED} again"))
        site.kill()
        shutil.copytree(site.database.parent, folder, dirs_exist_ok=True)
    return Good(folder, client)


class Patient(Deployment):
    """A program on damaged files; it may refuse to start, and must not crash."""

    def __init__(self, good: Good, ending: str, octets: bytes) -> None:
        super().__init__({"password.memory": 1024}, with_gateway=False)
        shutil.copytree(good.folder, self.database.parent, dirs_exist_ok=True)
        (self.database.parent / f"{DATABASE}{ending}").write_bytes(octets)
        write_settings(self.settings_file, self.settings)
        self.program = Process(serve_command(self.settings_file), self.log)

    def began(self) -> bool:
        """Waits until it serves or has refused to."""

        def answers() -> bool:
            try:
                return self.ask(fastcgi.route("GET", "/health/live")).status == 200
            except (OSError, AssertionError):
                return False

        wait_until(
            lambda: not self.program.is_running or answers(), "a start or its refusal", timeout=30
        )
        return self.program.is_running

    def check(self, cookie: str) -> int:
        """How a ticket is answered."""
        return self.ask(fastcgi.check("user", cookie)).status

    def end(self) -> int:
        """Stops it where it runs, and takes the folder away; the exit status."""
        try:
            return self.program.stop(timeout=60) if self.program.is_running else self.program.wait()
        finally:
            self.program.kill_group()
            shutil.rmtree(self.folder)


def outcome(good: Good, ending: str, octets: bytes) -> str:
    """Starts on damaged files and says how it went: refused, right, wrong or unavailable.

    Wrong is a live ticket that does not open; an ended one that does is a failure, as is a crash.
    """
    patient = Patient(good, ending, octets)
    answers: Counter[tuple[bool, int]] = Counter()
    try:
        if not patient.began():
            said = patient.log.read_text()
            assert patient.program.wait() == 1, said
            assert REFUSAL.search(said), said
            return "refused"
        for key, cookie in good.client.cookies.items():
            answers[key in good.live, patient.check(cookie)] += 1
        if any(status == 503 for _, status in answers):
            assert "event=storage_failed" in patient.log.read_text()
    finally:
        status = patient.end()
        assert status in (0, 1), f"the program ended with {status}"
    assert not answers[False, 204], "an ended session lives"
    statuses = {status for _, status in answers}
    assert statuses <= {204, 401, 503}, statuses
    if 503 in statuses:
        return "unavailable"
    return "wrong" if answers[True, 401] else "right"


def outcomes(good: Good, ending: str, damages: list[Damage], end: int) -> Counter[str]:
    """Tries damages at random places before `end`."""
    seen: Counter[str] = Counter()
    for number in range(TRIES):
        chance = Random(f"{SEED} {ending} {number}")
        octets = bytearray(good.octets(ending))
        chance.choice(damages)(octets, chance, end)
        try:
            seen[outcome(good, ending, bytes(octets))] += 1
        except AssertionError as failure:
            raise AssertionError(f"try {number} of seed {SEED}: {failure}") from failure
    print(f"{DATABASE}{ending}: {dict(seen)}, seed {SEED}")
    return seen


def test_a_damaged_database_is_refused_or_503_or_does_no_harm(good: Good) -> None:
    """ASVS 16.5.2."""
    size = len(good.octets(""))
    seen = outcomes(good, "", [flip, overwrite, clear_sector, cut], size)
    assert sum(seen.values()) == TRIES


def test_a_damaged_index_of_the_log_is_made_anew(good: Good) -> None:
    size = len(good.octets("-shm"))
    seen = outcomes(good, "-shm", [flip, overwrite, clear_sector, cut], size)
    assert seen == Counter(right=TRIES)


def commits(log: bytes) -> Iterator[int]:
    """Where each transaction of a log ends."""
    for start in range(HEADER, len(log) - FRAME + 1, FRAME):
        _, size = struct.unpack_from(">II", log, start)
        if log[start + 8 : start + 16] == log[16:24] and size:
            yield start + FRAME


def test_a_log_that_was_damaged_is_refused(good: Good) -> None:
    """SQLite alone would end the log there and bring ended sessions back.

    Behind the damage a few transactions must be left to tell it from a loss of power.
    """
    end = list(commits(good.octets("-wal")))[-4]
    seen = outcomes(good, "-wal", [flip, overwrite, clear_later_sector], end)
    assert set(seen) <= {"refused", "right"} and seen["refused"] > 0, seen


def test_a_log_that_was_cut_off_ends_with_a_whole_change(good: Good, tmp_path: Path) -> None:
    """It cannot be told from one that a loss of power has left."""
    for number in range(TRIES):
        shutil.rmtree(tmp_path / "cut", ignore_errors=True)
        shutil.copytree(good.folder, tmp_path / "cut")
        log = tmp_path / "cut" / f"{DATABASE}-wal"
        os.truncate(log, Random(f"{SEED} {number}").randrange(log.stat().st_size))
        found = read(tmp_path / "cut")
        steps = good.client.history.steps
        assert any(step.after.equals(found) for step in steps), f"try {number} of seed {SEED}"
