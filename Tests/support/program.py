"""The program under test as a process: started, watched, stopped, killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import fastcgi
from .waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]


def binary() -> Path:
    """The program: COATCHECK_BINARY, else what the release build left. Absence is a failure."""
    path = Path(os.environ.get("COATCHECK_BINARY") or ROOT / ".build/release/coatcheck")
    assert os.access(path, os.X_OK), f"no program at {path}: build it, or set COATCHECK_BINARY"
    return path.resolve()


def clean_environment(**more: str) -> dict[str, str]:
    """This process's environment without anything that would change the program's settings."""
    foreign = ("COATCHECK_", "LISTEN_", "NOTIFY_", "WATCHDOG_")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(foreign)}
    return kept | more


def nested(settings: dict[str, Any]) -> dict[str, Any]:
    """Turns dotted keys into the tree that the settings file has."""
    tree: dict[str, Any] = {}
    for key, value in settings.items():
        *groups, last = key.split(".")
        branch = tree
        for group in groups:
            branch = branch.setdefault(group, {})
        branch[last] = value
    return tree


def write_settings(path: Path, settings: dict[str, Any]) -> None:
    """Writes a settings file. JSON is YAML, so no YAML writer is needed."""
    path.write_text(json.dumps(nested(settings), indent=2) + "\n")


class Process:
    """A child in a process group of its own, whose output goes to a file."""

    def __init__(
        self,
        command: list[str | Path],
        log: Path,
        environment: dict[str, str] | None = None,
        prepare: Callable[[], None] | None = None,
    ) -> None:
        self.log = log
        self.was_told_to_end = False
        with log.open("ab") as output:
            self._child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=environment if environment is not None else clean_environment(),
                start_new_session=True,
                preexec_fn=prepare,
                restore_signals=prepare is None,
            )

    @property
    def pid(self) -> int:
        """The process id."""
        return self._child.pid

    @property
    def is_running(self) -> bool:
        """Whether the process has not ended."""
        return self._child.poll() is None

    def send_signal(self, number: signal.Signals) -> None:
        """Sends a signal to this process alone."""
        self.was_told_to_end = True
        self._child.send_signal(number)

    def wait(self, timeout: float = 60.0) -> int:
        """Waits for the end and returns the exit status (negative: the signal)."""
        try:
            return self._child.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {timeout:g} s: {self.tail()}") from None

    def stop(self, number: signal.Signals = signal.SIGTERM, timeout: float = 60.0) -> int:
        """Signals the process and waits for its end."""
        self.send_signal(number)
        return self.wait(timeout)

    def kill_group(self) -> bool:
        """Ends whatever is left of the process group; `True` when something was left."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        self._child.wait()
        return True

    def tail(self, lines: int = 40) -> str:
        """The end of what the process wrote."""
        return "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-lines:])


def serve_command(settings: Path) -> list[str | Path]:
    """The command line that serves with a settings file."""
    return [binary(), "serve", "--config", settings]


def is_ready(socket: Path) -> bool:
    """Whether the program behind a socket says that it is ready."""
    try:
        return fastcgi.request(socket, fastcgi.route("GET", "/health/ready")).status == 200
    except (OSError, AssertionError):
        return False


def wait_ready(process: Process, socket: Path, timeout: float = 60.0) -> None:
    """Waits until the program serves; its early end is reported with what it wrote."""

    def probe() -> bool:
        assert process.is_running, f"ended with {process.wait()}, not serving:\n{process.tail()}"
        return socket.exists() and is_ready(socket)

    try:
        wait_until(probe, "the program to become ready", timeout=timeout)
    except AssertionError:
        process.kill_group()
        raise
