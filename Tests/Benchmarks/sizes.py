"""What accounts and sessions take in SQLite, in PostgreSQL and in Redis."""

import contextlib
import sqlite3
from dataclasses import dataclass

from support.waiting import wait_until

TABLES = {"sessions": "sessions", "users": "accounts", "account_names": "accounts",
          "user_groups": "accounts", "audit": "lines of the audit trail",
          "known_devices": "known devices"}
# The word that PostgreSQL knows, six characters (SessionsPlace): `*` would find keys of sessions
# too, whose digests end as chance will have it.
GENERATION = "?" * 6


@dataclass
class Size:
    """Bytes of some rows."""

    table: int = 0
    index: int = 0

    def each(self, count):
        """Bytes of one: in all, and what of it is index."""
        return (self.table + self.index) / count, self.index / count


def of_sqlite(database):
    """The size of what each kind of row takes in a database file."""
    with contextlib.closing(sqlite3.connect(database)) as db:
        rows = db.execute("SELECT tbl_name, type, pgsize FROM dbstat JOIN sqlite_master"
                          " USING (name) WHERE aggregate = TRUE").fetchall()
    return _sums((table, size if kind == "table" else 0, size if kind == "index" else 0)
                 for table, kind, size in rows)


def of_postgresql(server, database):
    """The size of what each kind of row takes in a database of a server; the key is an index."""
    text = server.sql("SELECT relname, pg_table_size(oid), pg_indexes_size(oid) FROM pg_class"
                      " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace", database)
    return _sums((table, int(data), int(index))
                 for table, data, index in (line.split("|") for line in text.splitlines()))


def _sums(rows):
    sizes = {kind: Size() for kind in TABLES.values()}
    for table, data, index in rows:
        if table in TABLES:
            size = sizes[TABLES[table]]
            size.table += data
            size.index += index
    return sizes


def count(server, database, table):
    """How many rows a table of PostgreSQL has."""
    return int(server.sql(f"SELECT count(*) FROM {table}", database))


@dataclass
class Memory:
    """What a Redis takes at a moment, in bytes, and how many keys it has."""

    used: int
    resident: int
    keys: int

    @classmethod
    def of(cls, server):
        """What it takes now."""
        memory = info(server, "memory")
        return cls(int(memory["used_memory"]), int(memory["used_memory_rss"]),
                   int(server.do("DBSIZE")))


def info(server, section):
    """What Redis says of itself, by name."""
    lines = server.do("INFO", section).splitlines()
    return dict(line.strip().split(":", 1) for line in lines if ":" in line)


# MEMORY USAGE of such keys as chance finds: how many there were, and their bytes.
SAMPLE = """
local count, bytes = 0, 0
for _ = 1, 20000 do
    local key = redis.call('RANDOMKEY')
    if string.sub(key, 1, #ARGV[1]) == ARGV[1] then
        count, bytes = count + 1, bytes + redis.call('MEMORY', 'USAGE', key)
    end
end
return {count, bytes}
"""


def index_of_redis(server, prefix, users):
    """The bytes of the indexes: the sessions of each user, and all by the time when they end."""
    # A word that PostgreSQL knows stands between the prefix and the kind of a key.
    (all_sessions,) = server.do("KEYS", f"{prefix}:{GENERATION}:x").split()
    users_of = all_sessions.removesuffix("x") + "i:"
    found, taken = map(int, server.do("EVAL", SAMPLE, "0", users_of).split())
    whole = int(server.do("MEMORY", "USAGE", all_sessions, "SAMPLES", "0"))
    return whole + users * taken / found


def log_of_redis(server):
    """The size of the append-only file, written anew without what is out of date."""
    server.do("BGREWRITEAOF")
    wait_until(lambda: (now := info(server, "persistence"))["aof_rewrite_in_progress"] == "0"
               and now["aof_rewrite_scheduled"] == "0", "Redis to write its file anew", timeout=120)
    return int(info(server, "persistence")["aof_current_size"])
