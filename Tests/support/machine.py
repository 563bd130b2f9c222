"""A Debian 12 that is really booted, with systemd as its first process, by systemd-nspawn."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

from .cgroups import ControlGroup
from .names import new_name
from .program import Process, clean_environment
from .waiting import wait_until

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

Result = subprocess.CompletedProcess[str]


class Machine:
    """A copy of a Debian: boots on entry; switched off, and removed, on leaving.

    It has processes, mounts and services of its own; the network and the clock are those of the
    machine that the tests run on. Its files can be read and written below `files`, those of its
    own file systems, such as /run, aside.
    """

    def __init__(self, debian: Path) -> None:
        self._folder = debian.parent / new_name("machine")
        self._folder.mkdir()
        self._group = ControlGroup(self._folder.name)
        self.files = self._folder / "root"
        self._debian = debian
        self._container: Process | None = None
        self._leader = 0

    def __enter__(self) -> Machine:
        try:
            copy = ["cp", "--archive", "--reflink=auto", self._debian, self.files]
            subprocess.run(copy, check=True, timeout=300)
            self._boot()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *failure: object) -> None:
        self._switch_off()
        self._group.remove()
        shutil.rmtree(self._folder)
        mounts = Path("/proc/mounts").read_text()
        assert str(self._folder) not in mounts, f"a mount is left:\n{mounts}"

    def power_cycle(self) -> None:
        """Switches the machine off without a word to anything that runs, and boots it again."""
        self._switch_off()
        self._boot()

    def _switch_off(self) -> None:
        if self._container is None:
            return
        if self._container.is_running and self._leader:
            os.kill(self._leader, signal.SIGKILL)  # with the first process all others end
            self._container.wait(30)
        self._container.kill_group()

    def _boot(self) -> None:
        command = [
            # It ends when the tests end, however they do.
            *("setpriv", "--pdeathsig", "TERM", "systemd-nspawn", "--quiet"),
            *("--boot", "--register=no", "--keep-unit", f"--machine={self._folder.name}"),
            *("--resolv-conf=off", "--timezone=off", "--console=pipe", f"--directory={self.files}"),
        ]
        self._container = container = Process(
            command, self._folder / "console.log", prepare=self._group.enter
        )
        children = Path(f"/proc/{container.pid}/task/{container.pid}/children")

        def first_process() -> int:
            assert container.is_running, f"systemd-nspawn ended:\n{container.tail()}"
            return int((children.read_text().split() or ["0"])[0])

        def state() -> str:
            self._leader = first_process()
            # "starting" and errors until systemd is there.
            answer = self.try_to("systemctl", "is-system-running").stdout.strip()
            return answer if answer in ("running", "degraded") else ""

        answer = wait_until(state, "the machine to be up", timeout=180, interval=0.1)
        assert answer == "running", self.run("systemctl", "--failed").stdout

    def try_to(self, *command: str | Path, text: str = "", timeout: float = 60) -> Result:
        """Runs a command as root in the machine, whatever becomes of it; `text` is its input."""
        enter = ["nsenter", f"--target={self._leader}", "-m", "-u", "-i", "-p", "-n", "-C"]
        return subprocess.run(
            [*enter, "env", "-i", f"PATH={PATH}", "DEBIAN_FRONTEND=noninteractive", *command],
            input=text,
            capture_output=True,
            text=True,
            timeout=timeout,
            env=clean_environment(),
        )

    def run(self, *command: str | Path, text: str = "", timeout: float = 60) -> Result:
        """Runs a command that must succeed."""
        result = self.try_to(*command, text=text, timeout=timeout)
        assert result.returncode == 0, f"{command}: {result.stdout}{result.stderr}"
        return result

    def shown(self, name: str, unit: str = "coatcheck.service") -> str:
        """What systemd says of a unit."""
        return self.run("systemctl", "show", "--property", name, "--value", unit).stdout.strip()

    @property
    def main_process(self) -> int:
        """The number that Coatcheck's process has in the machine; 0 when it does not run."""
        return int(self.shown("MainPID"))

    def outside(self, process: int) -> int:
        """The number that a process of the machine has outside of it."""
        space = Path(f"/proc/{self._leader}/ns/pid").readlink()
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                status = (folder / "status").read_text()
                is_inside = (folder / "ns/pid").readlink() == space
            except OSError:
                continue  # it has ended meanwhile
            if is_inside and re.search(rf"^NSpid:.*\t{process}$", status, re.MULTILINE):
                return int(folder.name)
        raise AssertionError(f"no process {process} in the machine")

    def journal(self, *arguments: str) -> str:
        """What the journal holds since the start; `arguments` choose of it."""
        self.run("journalctl", "--sync")
        return self.run("journalctl", "--no-pager", "--quiet", "--boot", *arguments).stdout

    def install(self, package: Path) -> Result:
        """Installs or upgrades a package as an administrator does."""
        inside = self.files / "root" / package.name
        shutil.copy(package, inside)
        command = ["apt-get", "install", "--yes", f"/root/{package.name}"]
        return self.run(*command, timeout=300)
