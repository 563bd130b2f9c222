"""A server of the tests: a process with a folder of its own that can be stopped, killed, frozen."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path

from . import guard
from .guard import GUARD
from .program import Process, clean_environment
from .waiting import wait_until


class Server:
    """Starts on entry, and leaves neither process nor folder behind.

    A subclass says by `command` what is run and by `is_ready` when it serves.
    """

    # What stop() sends.
    politely = signal.SIGTERM

    def __init__(self, name: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=f"coatcheck-{name}-"))
        GUARD.tell("keep", self.folder)
        # Another user may run the server: what is in the folder has rights of its own.
        self.folder.chmod(0o711)
        self.log = self.folder / "log"
        self.password = secrets.token_hex(16)
        self._process: Process | None = None

    def command(self) -> list[str | Path]:
        """What is run."""
        raise NotImplementedError

    def is_ready(self) -> bool:
        """Whether the server serves."""
        raise NotImplementedError

    def prepare(self) -> None:
        """Makes what the first start needs."""

    def __enter__(self) -> Server:
        try:
            self.prepare()
            self.start()
        except BaseException:
            self.destroy()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.destroy()

    @property
    def process(self) -> Process:
        """The process, which must have been started."""
        assert self._process is not None, "the server was not started"
        return self._process

    def start(self, timeout: float = 20.0) -> None:
        """Starts the server and waits until it serves."""
        self._process = process = Process(self.command(), self.log, clean_environment())
        GUARD.tell("watch", process.pid)

        def probe() -> bool:
            assert process.is_running, f"ended with {process.wait()}:\n{process.tail()}"
            return self.is_ready()

        wait_until(probe, f"the server in {self.folder}", timeout=timeout)

    def stop(self) -> None:
        """Ends the server as its operator would."""
        self.process.stop(self.politely)
        GUARD.tell("forget", self.process.pid)

    def kill(self) -> None:
        """Ends every process of the server as kill -9 does."""
        guard.end(self.process.pid)
        self.process.wait()
        GUARD.tell("forget", self.process.pid)

    def freeze(self) -> None:
        """Stops every process of the server where it is; connections stay open."""
        guard.freeze(self.process.pid)

    def resume(self) -> None:
        """Lets a frozen server go on."""
        for pid in guard.family(self.process.pid):
            guard.tell(pid, signal.SIGCONT)

    def restart(self, between: Callable[[], None] = lambda: None) -> None:
        """Stops the server and starts it again on what it has kept; `between` is done meanwhile."""
        self.stop()
        between()
        self.start()

    def destroy(self) -> None:
        """Ends the server if it runs and removes its folder, unless COATCHECK_KEEP is set."""
        if self._process is not None and self._process.is_running:
            self.kill()
        if "COATCHECK_KEEP" in os.environ:
            GUARD.tell("removed", self.folder)
            return
        guard.remove(self.folder)
        GUARD.tell("removed", self.folder)


def tool(name: str, *folders: str) -> Path:
    """Where a program of a package is; that it is not there is a failure."""
    found = shutil.which(name, path=os.pathsep.join([*folders, os.environ["PATH"]]))
    assert found is not None, f"needed and not found: {name}"
    return Path(found)
