"""A control group of one's own, so that two booted machines do not take each other's."""

from __future__ import annotations

import os
from pathlib import Path

MOUNTED = Path("/sys/fs/cgroup")


class ControlGroup:
    """A group below that of the tests, in each hierarchy that systemd keeps its units in."""

    def __init__(self, name: str) -> None:
        self._folders = [folder / name for folder in hierarchies()]
        for folder in self._folders:
            folder.mkdir()

    def enter(self) -> None:
        """Takes the process that calls, and so those that it starts, into the group."""
        for folder in self._folders:
            (folder / "cgroup.procs").write_text(str(os.getpid()))

    def remove(self) -> None:
        """Removes the group and those below it, in which nothing runs any more."""
        for top in self._folders:
            for folder, _, _ in os.walk(top, topdown=False):
                os.rmdir(folder)


def hierarchies() -> list[Path]:
    """Where the group of this process is: in cgroups v2, and in v1 where systemd's own is."""
    found = []
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, place = line.split(":", 2)
        names = {"name=systemd": ["systemd"], "": ["unified", "."]}.get(controllers, [])
        folders = [MOUNTED / name / place.lstrip("/") for name in names]
        found += [folder for folder in folders if (folder / "cgroup.procs").exists()][:1]
    return found
