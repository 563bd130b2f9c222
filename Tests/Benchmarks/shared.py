"""The engines that several machines share, for the benchmark, and moving a store to them."""

import contextlib
import os
import subprocess
import time
from unittest import mock

from sites import program
from stage import ROOT, environment
from support.machines import Engines
from support.postgresql_server import PostgreSQL
from support.program import write_settings
from support.redis_server import Redis

SQLITE = "SQLite"
# Where the sessions are (support.machines.ENGINES); the accounts are in PostgreSQL always.
NAMES = {"postgresql": "PostgreSQL", "redis": "PostgreSQL and Redis"}


@contextlib.contextmanager
def engines():
    """A PostgreSQL and a Redis that keep what they acknowledge as the example of two machines has
    it (deploy/two-machines): the one waits for the disk, the other does so once a second.
    """
    with PostgreSQL(durable=True) as postgresql, Redis() as redis:
        postgresql.sql("ALTER SYSTEM SET shared_buffers = '1GB'")
        postgresql.restart()
        yield Engines(postgresql, redis)


def shared_program():
    """Takes the build that knows the engines for everything, SQLite too, as long as this lasts."""
    path = os.environ.get("COATCHECK_SHARED_BINARY") or ROOT / ".build-shared/release/coatcheck"
    if not os.access(path, os.X_OK):
        raise SystemExit(f"bench: no program at {path}: `make ENGINES=shared build` makes it")
    return mock.patch.dict(os.environ, COATCHECK_BINARY=str(path))


def move(stage, database, name, settings):
    """Moves a store to an engine; returns the seconds that it took."""
    folder = stage.subfolder(f"move {name}")
    unix_socket, target = folder / "fcgi.sock", folder / "coatcheck.yaml"
    write_settings(target, settings | {"socket.path": str(unix_socket)})
    began = time.monotonic()
    subprocess.run([program(), "migrate", "--from", database, "--to", target,
                    "--socket", unix_socket],
                   check=True, stdout=subprocess.DEVNULL, env=environment())
    return time.monotonic() - began


def database(settings):
    """The name of the database in PostgreSQL."""
    return settings["storage.url"].rpartition("/")[2]


def settle(server, settings):
    """Does what PostgreSQL does by itself after so many new rows, some minutes later."""
    name = database(settings)
    for table in ("users", "account_names", "sessions"):
        server.sql(f"VACUUM (ANALYZE) {table}", name)
    server.sql("CHECKPOINT", name)
