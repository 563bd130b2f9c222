"""Sessions by the million: written straight into the database of a stopped Coatcheck.

What is written is described in Sources/Storage/SQLite/Schema.swift. Tickets are random, the database gets
their digests, and the caller gets the Cookie headers.
"""

import base64
import contextlib
import hashlib
import os
import sqlite3
import time

from people import address, person

# Sessions of one account.
DEVICES = 10
AGENTS = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/126.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.5 Safari/605.1.15",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/126.0.0.0 Mobile Safari/537.36",
]
HOUR, DAY = 3600, 86_400


def tickets(count):
    """Random tickets of 32 bytes."""
    octets = os.urandom(32 * count)
    return [octets[at:at + 32] for at in range(0, len(octets), 32)]


def cookie(ticket):
    """The Cookie header of a ticket over plain http."""
    return "session=" + base64.urlsafe_b64encode(ticket).decode().rstrip("=")


def fill(database, count, last_seen=HOUR, expires=DAY, first=0):
    """Adds sessions and their accounts, ten each; returns the Cookie headers.

    The people are those from `first` on; `last_seen` and `expires` are seconds from now. By default
    the last use lies an hour ahead, so that no check is one whose time is to be written: what is
    measured is then reading alone.
    """
    now = int(time.time())
    secrets = tickets(count)
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as db:
        db.execute("PRAGMA synchronous = OFF")
        db.execute("PRAGMA cache_size = -500000")
        db.execute("BEGIN")
        users = [(identifier(), person(number), person(number))
                 for number in range(first, first + -(-count // DEVICES))]
        db.executemany(
            "INSERT INTO users (id, username, password_hash, disabled, created_at, name_key)"
            f" VALUES (?, ?, '!', 0, {now}, ?)", users)
        db.executemany("INSERT INTO account_names (key, user_id) VALUES (?, ?)",
                       [(name, user) for user, name, _ in users])
        # In the order of the primary key, which is several times as fast.
        rows = sorted((hashlib.sha256(secret).digest(), identifier(), users[number // DEVICES][0],
                       address(number), AGENTS[number % len(AGENTS)])
                      for number, secret in enumerate(secrets))
        db.executemany(
            "INSERT INTO sessions (key, id, user_id, created_at, authenticated_at, last_seen_at,"
            " expires_at, idle_limit, remembered, client_address, user_agent)"
            f" VALUES (?, ?, ?, {now}, {now}, {now + last_seen}, {now + expires}, {DAY}, 0, ?, ?)",
            rows)
        db.execute("COMMIT")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return [cookie(secret) for secret in secrets]


def end(database, count):
    """Adds tickets that are used up; returns the Cookie headers."""
    secrets = tickets(count)
    with contextlib.closing(sqlite3.connect(database)) as db, db:
        db.executemany(
            "INSERT INTO ended_sessions (key, id, user_id, ended_at)"
            f" VALUES (?, randomblob(16), randomblob(16), {int(time.time())})",
            sorted((hashlib.sha256(secret).digest(),) for secret in secrets))
    return [cookie(secret) for secret in secrets]


def identifier():
    """A public id: 16 random bytes whose text does not begin with a dash."""
    while (octets := os.urandom(16))[0] >> 2 == 62:
        pass
    return octets
