"""A small disk of a test's own: ext4 in a file, mounted for as long as the test lasts."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SIZE = 32 << 20


def as_root(*command: str | Path) -> None:
    """Runs a command as root; that it cannot is a failure."""
    prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
    result = subprocess.run([*prefix, *command], capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, f"{command[0]}: {result.stderr}"


class Disk:
    """A disk that can be filled, be made read-only and fail, and what mends it."""

    def __init__(self, folder: Path) -> None:
        self._image = folder / "disk.img"
        self.folder = folder / "disk"

    def make(self) -> None:
        """Makes the file system, without room that only root may use."""
        with self._image.open("wb") as image:
            image.truncate(SIZE)
        as_root("mkfs.ext4", "-q", "-m", "0", self._image)
        self.folder.mkdir()

    def mount(self) -> None:
        """Mounts the disk for this user."""
        as_root("mount", "-o", "loop", self._image, self.folder)
        as_root("chown", f"{os.geteuid()}:{os.getegid()}", self.folder)

    def unmount(self) -> None:
        """Unmounts the disk, which nothing may use any more."""
        as_root("umount", self.folder)

    def remount(self, options: str) -> None:
        """Changes how the disk is mounted; `abort` is what ext4 does when the device fails."""
        as_root("mount", "-o", f"remount,{options}", self.folder)

    @property
    def is_full(self) -> bool:
        """Whether not one block is free."""
        return os.statvfs(self.folder).f_bavail == 0

    @contextmanager
    def filled(self) -> Iterator[None]:
        """Leaves no room on the disk, and afterwards gives it back."""
        ballast = self.folder / "ballast"
        with ballast.open("wb", buffering=0) as file:
            for size in (1 << 20, 4096, 1):
                try:
                    while file.write(bytes(size)) == size:
                        pass
                except OSError:
                    os.fsync(file.fileno())
        try:
            yield
        finally:
            ballast.unlink()

    @contextmanager
    def immutable(self, *files: Path) -> Iterator[None]:
        """Lets nobody write to these files, however they were opened, and afterwards lets them."""
        as_root("chattr", "+i", *files)
        try:
            yield
        finally:
            as_root("chattr", "-i", *files)


@contextmanager
def small_disk(folder: Path) -> Iterator[Disk]:
    """A disk in a folder, mounted; unmounted on leaving."""
    disk = Disk(folder)
    disk.make()
    disk.mount()
    try:
        yield disk
    finally:
        if os.path.ismount(disk.folder):
            disk.unmount()
