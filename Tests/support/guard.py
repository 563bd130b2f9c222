"""Sees to it that no server of the tests outlives them, however they end.

Run as a program it is the guard: it reads from its standard input which processes and folders
there are, and when that ends, because whoever wrote to it has ended or was killed, it ends the
processes and removes the folders. It imports nothing of ours.
"""

from __future__ import annotations

import atexit
import os
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path


def family(pid: int) -> list[int]:
    """A process and its descendants, parents first, whatever process groups they are in."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                # The name, in parentheses, may hold blanks and parentheses.
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(entry.name)] = int(fields[1])
    found = [pid]
    for parent in found:
        found += [child for child, its in parents.items() if its == parent]
    return found


def tell(pid: int, number: signal.Signals) -> None:
    """Signals one process, which may have ended."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def freeze(pid: int) -> list[int]:
    """Stops a process and its descendants, those too that were started meanwhile."""
    frozen: list[int] = []
    while new := [one for one in family(pid) if one not in frozen]:
        for one in new:
            tell(one, signal.SIGSTOP)
        frozen += new
    return frozen


def end(pid: int) -> None:
    """Kills a process and its descendants, frozen ones too, and waits until each has ended.

    Until then they hold what they had: PostgreSQL refuses to start beside a child of the last one.
    """
    handles = []
    for one in freeze(pid):
        try:
            handles.append(os.pidfd_open(one))
        except ProcessLookupError:
            continue
        tell(one, signal.SIGKILL)
    for handle in handles:
        ending = select.poll()
        # It is readable once the process has ended, whoever its parent is.
        ending.register(handle, select.POLLIN)
        has_ended = ending.poll(15_000)
        os.close(handle)
        assert has_ended, "a killed process goes on"


def remove(folder: Path) -> None:
    """Removes a folder, and the System V memory of a PostgreSQL that was killed in it."""
    for lock in folder.glob("*/postmaster.pid"):
        # Line 7 is the key and the number of the segment by which PostgreSQL sees a second start.
        fields = lock.read_text().split("\n")[6:7]
        if fields and len(segment := fields[0].split()) == 2:
            subprocess.run(["ipcrm", "-m", segment[1]], stderr=subprocess.DEVNULL)
    shutil.rmtree(folder, ignore_errors=True)


class Guard:
    """The guard of this process, which is started when it is first told something."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def tell(self, verb: str, what: object) -> None:
        """Tells one of the lines that `main` reads."""
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-I", __file__], stdin=subprocess.PIPE, start_new_session=True
            )
            atexit.register(self._leave)
        assert self._process.stdin is not None
        self._process.stdin.write(f"{verb} {what}\n".encode())
        self._process.stdin.flush()

    def _leave(self) -> None:
        assert self._process is not None and self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)


GUARD = Guard()


def main() -> None:
    """Reads `watch PID`, `forget PID`, `keep FOLDER` and `removed FOLDER` until the end."""
    processes: set[int] = set()
    folders: set[Path] = set()
    for line in sys.stdin:
        verb, _, what = line.rstrip("\n").partition(" ")
        if verb == "watch":
            processes.add(int(what))
        elif verb == "forget":
            processes.discard(int(what))
        elif verb == "keep":
            folders.add(Path(what))
        elif verb == "removed":
            folders.discard(Path(what))
    for pid in processes:
        end(pid)
    for folder in folders:
        remove(folder)


if __name__ == "__main__":
    main()
