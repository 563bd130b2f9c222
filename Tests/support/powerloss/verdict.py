"""Opens what a disk holds after a loss of power, and compares it with what clients were told."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from random import Random

from .disk import Image
from .log import ANSWER, Record
from .model import Account, History, State

DATABASE = "coatcheck.db"


class Acknowledgements:
    """How many steps of each client were acknowledged at a place of the record."""

    def __init__(self, histories: Iterable[History]) -> None:
        self.histories = list(histories)
        self.counts: Counter[str] = Counter()
        self._places = {
            step.name: (history.client, number)
            for history in self.histories
            for number, step in enumerate(history.steps)
        }

    def follow(self, record: Record) -> None:
        """Goes on by one event."""
        if record.kind != ANSWER:
            return
        place = self._places.get(record.data.decode().partition("/")[2])
        if place is not None:
            self.counts[place[0]] = max(self.counts[place[0]], place[1])

    def complaints(self, found: State) -> list[str]:
        """What is wrong with what was found at this place."""
        said = []
        rest = dict(found.accounts)
        for history in self.histories:
            prefix = f"{history.client}-"
            names = [name for name in rest if name.startswith(prefix)]
            own = State({name: rest.pop(name) for name in names}, found.ended)
            said.append(history.complaint(self.counts[history.client], own))
        said += [f"an account that nobody made: {name}" for name in rest]
        risen = {key for account in found.accounts.values() for key in account.live} & found.ended
        said += ["a session is live and ended"] if risen else []
        return [text for text in said if text]


def lay_out(image: Image, folder: Path, random: Random) -> None:
    """Writes an image into an empty folder, with an -shm file in which nothing makes sense."""
    for old in folder.iterdir():
        old.unlink()
    for name, content in image.items():
        (folder / name).write_bytes(content)
    if random.random() < 0.5:
        (folder / f"{DATABASE}-shm").write_bytes(random.randbytes(32768))


def read(folder: Path) -> State:
    """What a database holds; damage of any kind raises `AssertionError` or `sqlite3.Error`."""
    path = folder / DATABASE
    if not path.exists():
        assert not path.with_name(f"{DATABASE}-wal").exists(), "a log without its database"
        return State()
    # The accounts of tests have no email address.
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA synchronous = OFF")
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert not database.execute("PRAGMA foreign_key_check").fetchall()
        if not _has_tables(database):
            return State()
        names = dict(database.execute("SELECT id, username FROM users"))
        owners = database.execute("SELECT user_id FROM account_names")
        keyed = Counter(names[user] for (user,) in owners)
        assert keyed == Counter(names.values()), "an account without its name, or with another"
        live = _sets(database, "SELECT user_id, key FROM sessions")
        groups = _sets(database, "SELECT user_id, name FROM user_groups")
        accounts = {
            names[user]: Account(
                version, bool(disabled), groups.get(user, frozenset()), live.get(user, frozenset())
            )
            for user, version, disabled in database.execute(
                "SELECT id, credential_version, disabled FROM users"
            )
        }
        ended = frozenset(key for (key,) in database.execute("SELECT key FROM ended_sessions"))
    return State(accounts, ended)


def _has_tables(database: sqlite3.Connection) -> bool:
    """Whether all tables of this version are there; the program makes what is missing."""
    found = database.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'grdb_migrations'")
    if found.fetchone() == (0,):
        return False
    steps = {name for (name,) in database.execute("SELECT identifier FROM grdb_migrations")}
    return {"v1", "v2", "v3"} <= steps


def _sets(database: sqlite3.Connection, query: str) -> dict[bytes, frozenset[object]]:
    found: dict[bytes, set[object]] = {}
    for user, value in database.execute(query):
        found.setdefault(user, set()).add(value)
    return {user: frozenset(values) for user, values in found.items()}
