"""The past of a service that has run for long.

Ended tickets are remembered for a day and the audit trail for an hour at least, so both would grow
from nothing all through a soak. They begin as full as they would be, and what is added meanwhile
takes the place of what is forgotten. They reach back further than is kept: the first sweep, which
removes the excess, goes through the whole file and so fills SQLite's page cache (32 MiB for what
writes), which otherwise takes longer than an hour and would look like growth.
"""

from __future__ import annotations

import secrets
import sqlite3
import time
from contextlib import closing
from pathlib import Path

# Seconds: SessionStore.endedMemory, and the least `audit.keep`.
ENDED_MEMORY, AUDIT_KEEP = 86_400, 3_600
# How much further back it reaches.
EXCESS = 14_400
# What a second of this soak adds, as trials have measured it.
ENDED_PER_SECOND, AUDIT_PER_SECOND = 3.0, 21.5


def fill(database: Path) -> None:
    """Writes the past into the database of a program that is not running."""
    now = int(time.time())
    with closing(sqlite3.connect(database)) as db, db:
        lines = db.execute(
            "SELECT event, user_id, done_by, session_id, address, request, detail FROM audit"
        ).fetchall()
        db.executemany(
            "INSERT INTO ended_sessions (key, id, user_id, ended_at) VALUES (?, ?, ?, ?)",
            (
                (secrets.token_bytes(32), secrets.token_bytes(16), secrets.token_bytes(16), at)
                for at in moments(now, ENDED_MEMORY + EXCESS, ENDED_PER_SECOND)
            ),
        )
        db.executemany(
            "INSERT INTO audit (at, event, user_id, done_by, session_id, address, request, detail)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (at, *lines[index % len(lines)])
                for index, at in enumerate(moments(now, AUDIT_KEEP, AUDIT_PER_SECOND))
            ),
        )


def moments(now: int, span: int, rate: float) -> list[int]:
    """Whole seconds spread evenly over the time before now, the oldest first."""
    count = int(span * rate)
    return [now - span + int(index / rate) for index in range(count)]
