"""A database as the first version of the program made it."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

from support.program import ROOT

_SCHEMA = ROOT / "Sources/Storage/SQLite/Schema+Version1.swift"
_SESSION = (
    "key, id, user_id, created_at, authenticated_at, last_seen_at, expires_at, idle_limit,"
    " remembered, client_address, user_agent"
)


def make_first_version(path: Path, current: Path) -> None:
    """Makes a database of the first version with the accounts and sessions of today's."""
    found = re.search(r'static let v1 = """(.*?)"""', _SCHEMA.read_text(), re.DOTALL)
    assert found, "the tables of the first version"
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("ATTACH ? AS now", [str(current)])
        (identifier,) = database.execute("PRAGMA now.application_id").fetchone()
        database.executescript(found.group(1))
        database.execute("CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY)")
        database.execute("INSERT INTO grdb_migrations VALUES ('v1')")
        database.execute(f"PRAGMA application_id = {identifier}")
        for table, columns in (
            ("users", "id, username, email, password_hash, disabled, created_at"),
            ("account_names", "key, user_id"),
            ("sessions", _SESSION),
        ):
            database.execute(f"INSERT INTO main.{table} SELECT {columns} FROM now.{table}")
        database.execute("DETACH now")
        database.execute("PRAGMA journal_mode = WAL")
