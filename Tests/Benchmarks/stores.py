"""The same accounts and sessions in all engines, and what they take there."""

import contextlib
import sqlite3
from itertools import islice

import processor
import shared
import sizes
import store
from figures import table
from growth import LARGE_CACHE, title
from sites import start_coatcheck, write_cookies

# As long as those that Coatcheck makes.
HASH = "$argon2id$v=19$m=19456,t=2,p=1$" + "A" * 22 + "$" + "A" * 43

# Sessions that are in the caches: as many as are there soon again when one was emptied.
FEW = 10_000


class Stores:
    """A store in SQLite that was moved to the other engines."""

    def __init__(self, stage, engines, count):
        print(f"==> Filling a store with {title(count)}, and moving it", flush=True)
        self.engines, self.count, self.users = engines, count, count // store.DEVICES
        self.seconds = {}
        """How long each move took."""
        self.settings = {}
        """The settings for each engine but SQLite."""
        self.memory = [sizes.Memory.of(engines.redis)]
        """What Redis took: empty, after the move, and when it knows everybody."""

        def prepare(database):
            cookies = store.fill(database, count)
            with contextlib.closing(sqlite3.connect(database)) as db, db:
                db.execute("UPDATE users SET password_hash = ?", [HASH])
            for engine, name in shared.NAMES.items():
                self.settings[name] = engines.settings(engine)
                self.seconds[name] = shared.move(stage, database, name, self.settings[name])
                print(f"    to {name}: {self.seconds[name]:.1f} s", flush=True)
            return cookies

        site = start_coatcheck(stage, shared.SQLITE, prepare, session_cache=LARGE_CACHE)
        stage.stop([site.child])
        self.note_memory()
        for settings in self.settings.values():  # as it is some minutes later by itself
            shared.settle(engines.postgresql, settings)
        self.file, self.cookies = site.folder / "coatcheck.db", site.cookies
        with self.cookies.open() as headers:
            of_each = [line.rstrip("\n") for line in islice(headers, 0, None, store.DEVICES)]
        self.of_each = write_cookies(stage.subfolder("one of each"), of_each)
        """A session of each account."""
        self.few = write_cookies(stage.subfolder("few"), of_each[:FEW])
        self.in_cache = len(of_each[:FEW])
        """Those that are to be in the caches."""

    def start(self, stage, name, cache, of=None, **more):
        """A program on one of the engines, `of`, with a cache of that size, and a meter of it.

        It looks for nothing that has expired: sweeps.py measures that.
        """
        own = self.settings.get(of or name, {"storage.path": self.file})
        own = own | {"session.cache": cache, "session.sweep": "1d"} | more
        site = start_coatcheck(stage, f"{name} {cache}", **own)
        site.cookies = self.cookies
        return site, processor.Meter({
            "Coatcheck": site.child.pid, "nginx": stage.children[-1].pid,
            "PostgreSQL": self.engines.postgresql.process.pid,
            "Redis": self.engines.redis.process.pid})

    def note_memory(self):
        """Notes what Redis takes now."""
        self.memory.append(sizes.Memory.of(self.engines.redis))

    def measure(self):
        """What a session and an account take: Markdown and figures."""
        server, redis = self.engines.postgresql, self.engines.redis
        own = {shared.SQLITE: sizes.of_sqlite(self.file)}
        for name, settings in self.settings.items():
            database = shared.database(settings)
            own[f"{name}: in PostgreSQL"] = sizes.of_postgresql(server, database)
        figures = {name: {"session": kinds["sessions"].each(self.count),
                          "account": kinds["accounts"].each(self.users)}
                   for name, kinds in own.items()}
        empty, moved, known = self.memory
        name = shared.NAMES["redis"]
        index = sizes.index_of_redis(redis, self.settings[name]["sessions.prefix"], self.users)
        figures[f"{name}: in Redis"] = {
            "session": ((moved.used - empty.used) / self.count, index / self.count),
            "account": ((known.used - moved.used) / (known.keys - moved.keys), 0)}
        rows = [[place, *(f"{value:.0f}" for part in ("session", "account")
                          for value in parts[part])] for place, parts in figures.items()]
        figures["Redis resident"] = (known.resident - empty.resident) / self.count
        figures["Redis file"] = sizes.log_of_redis(redis) / self.count
        return (table(["engine", "bytes per session", "index", "bytes per account", "index"], rows)
                + f"\n\nWith everything in it Redis takes {figures['Redis resident']:.0f} bytes of "
                f"resident memory for each session, and {figures['Redis file']:.0f} of its file."
                ), figures
