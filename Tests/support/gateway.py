"""nginx in front of the program, rendered by the project's own script."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import threading
from pathlib import Path

from .program import ROOT, Process, clean_environment
from .waiting import wait_until


# The ports that `free_port` has given out.
_given: set[int] = set()
_giving = threading.Lock()


def free_port() -> int:
    """A loopback port that nothing listens on, and that nobody here was given before."""
    while True:
        with socket.socket() as probe, _giving:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
            if port not in _given:
                _given.add(port)
                return port


class Gateway:
    """nginx with its own prefix, ending TLS on a loopback port."""

    def __init__(self, prefix: Path, port: int, program: Path, mount: str = "") -> None:
        self.prefix = prefix
        self.port = port
        prefix.mkdir(parents=True, exist_ok=True)
        command = [
            *(ROOT / "nginx/render", "--port", str(port), "--socket", program),
            *("--prefix", prefix, *(("--mount", mount) if mount else ())),
        ]
        result = subprocess.run(
            command, capture_output=True, text=True, env=clean_environment(), timeout=60
        )
        assert result.returncode == 0, f"nginx/render: {result.stderr}"
        self.configuration = prefix / "nginx.conf"
        self._process: Process | None = None

    def allow_logins(self, burst: int) -> None:
        """Lets `burst` logins come from one address at once, as the snippet says one may."""
        snippet = self.prefix / "snippets/coatcheck-login-route.conf"
        text, replaced = re.subn(r"\bburst=\d+", f"burst={burst}", snippet.read_text())
        assert replaced == 1, f"{snippet.name} has one burst"
        snippet.write_text(text)

    def guard(self, path: str, policy: str) -> None:
        """Adds a place that asks for a policy, and shows the page of the dashboard."""
        text = self.configuration.read_text()
        mark = "        # For members of the group admin.\n"
        location = re.search(r" *location = /staff \{\n.*?\n        \}\n", text, re.DOTALL)
        assert location and text.count(mark) == 1, "site.conf guards /staff"
        added = location.group().replace("= /staff", f"= {path}").replace("/staff.", "/dashboard.")
        added = added.replace("/_coatcheck/admin;", f"/_coatcheck/{policy};")
        self.configuration.write_text(text.replace(mark, added + mark))

    def start(self) -> None:
        """Starts nginx and waits until it, and no other process, accepts connections."""
        command = [
            *("nginx", "-p", f"{self.prefix}/", "-c", self.configuration),
            *("-e", self.prefix / "error.log", "-g", "daemon off;"),
        ]
        self._process = process = Process(command, self.prefix / "output.log")
        number = self.prefix / "nginx.pid"

        def probe() -> bool:
            assert process.is_running, f"nginx ended with {process.wait()}:\n{process.tail()}"
            # It writes its number after it has got every port that it wants.
            if not number.exists() or number.read_text() != f"{process.pid}\n":
                return False
            with socket.socket() as connection:
                return connection.connect_ex(("127.0.0.1", self.port)) == 0

        wait_until(probe, f"nginx to listen on {self.port}")

    def reload(self) -> None:
        """Has nginx read its configuration again; the old workers finish what they have."""
        assert self._process is not None, "nginx was not started"
        self._process.send_signal(signal.SIGHUP)

    def stop(self) -> None:
        """Stops nginx at once."""
        if self._process is not None and self._process.is_running:
            self._process.stop(signal.SIGTERM)

    def signal_group(self, number: signal.Signals) -> None:
        """Signals every process of nginx."""
        assert self._process is not None
        os.killpg(self._process.pid, number)

    def kill_group(self) -> bool:
        """Ends what is left; `True` when something was."""
        return self._process is not None and self._process.kill_group()

    @property
    def logs(self) -> list[Path]:
        """Every log file in the prefix."""
        return [path for path in self.prefix.rglob("*.log") if path.is_file()]
