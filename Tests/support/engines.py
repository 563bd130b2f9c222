"""The engines that several machines share, started on loopback for the tests.

    python3 Tests/support/engines.py -- COMMAND ARGUMENT...

starts one PostgreSQL and one Redis, runs the command with COATCHECK_TEST_POSTGRESQL and
COATCHECK_TEST_REDIS, the addresses of an empty database and of the Redis, and ends with its status.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

if __name__ == "__main__":
    # As a program this file is no part of a package yet.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from support.guard import GUARD
from support.postgresql_server import PostgreSQL
from support.redis_server import Redis


@contextmanager
def engines(durable: bool = False) -> Iterator[tuple[PostgreSQL, Redis]]:
    """One of each, started at the same time."""
    with ExitStack() as stack, ThreadPoolExecutor(2) as pool:
        servers = PostgreSQL(durable), Redis(durable)
        for server in servers:
            # Whatever is running by then ends, also when the other did not start.
            stack.callback(server.destroy)
        for started in [pool.submit(server.__enter__) for server in servers]:
            started.result()
        yield servers


def leave(number: int, _: FrameType | None) -> None:
    """Ends this process as an exception does, so that the servers end first."""
    sys.exit(128 + number)


def main(arguments: list[str]) -> int:
    """Runs the command that stands behind `--`."""
    if arguments[:1] != ["--"] or len(arguments) < 2:
        print("usage: engines.py -- COMMAND ARGUMENT...", file=sys.stderr)
        return 2
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)
    # What was built before, so that no test waits for that at its commits.
    os.sync()
    with engines() as (postgresql, redis):
        addresses = {
            "COATCHECK_TEST_POSTGRESQL": postgresql.url(postgresql.new_database()),
            "COATCHECK_TEST_REDIS": redis.url(),
        }
        # It is told to end with this process, also when that ends before the guard knows of it.
        bound = ["setpriv", "--pdeathsig", "TERM", "--", *arguments[1:]]
        command = subprocess.Popen(bound, env=os.environ | addresses)
        try:
            GUARD.tell("watch", command.pid)
            status = command.wait()
        except KeyboardInterrupt:
            # The terminal has told the command as well.
            status = command.wait()
        finally:
            command.terminate()
            command.wait()
        return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
