"""A program under callgrind or strace, and what its workers did for each request.

Workers are the threads that accept connections. What other threads do meanwhile (looking for
changes of the database, writing the log) goes with the time and not with the requests, and is left
out. Requests come one at a time, and each finds its worker waiting.
"""

import collections
import os
import re
import signal
import subprocess
import sys
import time

from parameters import TESTS

sys.path.insert(0, str(TESTS))
from support import fastcgi, program  # noqa: E402
from support.waiting import wait_until  # noqa: E402

# What a worker is left to go back to where it waits for the next connection, in seconds.
PAUSE = 0.001


class Traced:
    """A program that runs below a tool, and ends with the `with` statement."""

    def __init__(self, folder, tool, command, environment):
        self.folder = folder
        self.socket = folder / "fcgi.sock"
        self.process = program.Process([*tool, *command], folder / "log",
                                       program.clean_environment(**environment))

    def __enter__(self):
        try:
            wait_until(self._listens, "the program to listen", timeout=60)
        except BaseException:
            self.process.kill_group()
            raise
        return self

    def __exit__(self, *_):
        # The whole group, as strace keeps the signal to itself; it ends after what it traces.
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(60)
        finally:
            self.process.kill_group()

    def _listens(self):
        assert self.process.is_running, self.process.tail()
        try:
            fastcgi.Connection(self.socket).socket.close()
        except OSError:
            return False
        return True

    def ask(self, requests):
        """Sends requests one after the other and returns the statuses of the answers."""
        statuses = set()
        for parameters in requests:
            octets = (fastcgi.begin() + fastcgi.stream(fastcgi.PARAMS, fastcgi.encode(parameters))
                      + fastcgi.stream(fastcgi.STDIN, b""))
            with fastcgi.Connection(self.socket) as connection:
                connection.send(octets)
                statuses.add(fastcgi.parse(connection.receive()).status)
                connection.socket.recv(1)  # returns when the worker has closed it
            time.sleep(PAUSE)
        return statuses


class Callgrind(Traced):
    """Counts the instructions that each function executes itself, in user space."""

    def __init__(self, folder, command):
        # valgrind 3.19 cannot read the debugging information of current compilers.
        stripped = folder / "program"
        subprocess.run(["strip", "-g", "-o", stripped, command[0]], check=True)
        self.prefix = f"--vgdb-prefix={folder}/vgdb"
        self.dumps = 0
        tool = ["valgrind", "--tool=callgrind", "--separate-threads=yes", "--demangle=no",
                f"--callgrind-out-file={folder}/out", self.prefix]
        # Swift's hash tables would otherwise be seeded anew by each process.
        super().__init__(folder, tool, [stripped, *command[1:]],
                         {"SWIFT_DETERMINISTIC_HASHING": "1"})

    def take(self):
        """Instructions by function, and calls of malloc, since the last time it was called."""
        self.dumps += 1
        # After a millisecond vgdb does not wait for a system call to end, but interrupts it.
        subprocess.run(["vgdb", self.prefix, f"--pid={self.process.pid}", "--max-invoke-ms=1",
                        "dump"], check=True, capture_output=True, timeout=60)
        instructions, allocations = collections.Counter(), 0
        for dump in self.folder.glob(f"out.{self.dumps}-*"):
            text = dump.read_text()
            dump.unlink()
            if "FCGX_Accept_r" in text:
                more = costs(text)
                instructions += more[0]
                allocations += more[1]
        return instructions, allocations


def costs(text):
    """What a file in callgrind's format holds: own costs by "library:function", calls of malloc.

    A name stands there once, as `(7) name`, and later as `(7)`. The line after `calls=` is what
    the callee cost, and so no cost of the caller's own. A function without a name is named after
    one that calls it.
    """
    names, own, callers, mallocs = {}, collections.Counter(), {}, 0
    at = {"ob": "", "fn": "", "cob": "", "cfn": ""}
    lines = iter(text.splitlines())
    for line in lines:
        key, is_field, value = line.partition("=")
        if key in at:
            number, _, name = value.partition(" ")
            at[key] = names.setdefault((key[-2:], number), name)
        elif key == "calls":
            next(lines)
            mallocs += int(value.split()[0]) * (at["cfn"] in ("malloc", "calloc", "realloc"))
            callers.setdefault(at["cfn"], at["fn"])
        elif not is_field and line[:1].isdigit() or line[:1] in ("+", "-", "*"):
            own[at["ob"], at["fn"]] += int(line.split()[1])
    result = collections.Counter()
    for (library, function), cost in own.items():
        if function.startswith("0x"):
            function = f"{callers.get(function, '')}>{function}"
        result[f"{os.path.basename(library)}:{function}"] += cost
    return result, mallocs


class Strace(Traced):
    """Lists the system calls that a worker makes for a request; read when the program has ended."""

    CALL = re.compile(r"^([\d.]+) (\w+)\(.* = (?:\?|-?\w+)(?: (E\w+))?", re.MULTILINE)

    def __init__(self, folder, command):
        super().__init__(folder, ["strace", "-ff", "-ttt", "-o", folder / "calls"], command, {})

    def calls(self, since, until):
        """The calls from one connection to the next, between two times, in their order.

        Of what occurred several times the shortest: a busy machine adds calls, as for waking the
        thread that looks after slow requests, and takes none away.
        """
        rounds = collections.Counter()
        for listing in self.folder.glob("calls.*"):
            calls = None
            for moment, name, error in self.CALL.findall(listing.read_text()):
                if not since <= float(moment) <= until:
                    continue
                if name.startswith("accept") and not error:
                    if calls:
                        rounds[tuple(calls)] += 1
                    calls = []
                if calls is not None:
                    calls.append(f"{name} {error}".strip())
        return min((calls for calls, count in rounds.items() if count > 2), key=len)
