"""A whole Coatcheck in a folder of its own: settings, program, nginx, clients."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from . import fastcgi, wire
from .curl import Curl
from .gateway import Gateway, free_port
from .names import new_name
from .program import Process, clean_environment, serve_command, wait_ready, write_settings
from .response import Response
from .secrets_registry import SecretsRegistry

# 8 MiB and one pass: a hash in some milliseconds, for tests that are not about its cost.
CHEAP_HASHING = {"password.memory": 8192, "password.passes": 1}


class Deployment:
    """Starts on entry, stops on leaving, and then fails if it left anything behind.

    Left behind are: a process, or a password or ticket of the tests in any log. A program that
    ended by itself is a failure too. The folder is removed unless COATCHECK_KEEP is set.
    """

    # Those that are in use now, oldest first: whose logs a failed test shows.
    running: ClassVar[list[Deployment]] = []

    def __init__(
        self,
        settings: dict[str, Any] | None = None,
        mount: str = "",
        environment: dict[str, str] | None = None,
        prepare: Callable[[], None] | None = None,
        with_gateway: bool = True,
        login_burst: int | None = None,
    ) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="coatcheck-test-"))
        self.mount = mount
        self.socket = self.folder / "fcgi.sock"
        self.database = self.folder / "data" / "coatcheck.db"
        self.database.parent.mkdir(mode=0o700)
        self.log = self.folder / "coatcheck.log"
        self.secrets = SecretsRegistry()
        self.settings_file = self.folder / "coatcheck.yaml"
        self.settings: dict[str, Any] = {
            "socket.path": str(self.socket),
            "storage.path": str(self.database),
            **CHEAP_HASHING,
            **(settings or {}),
        }
        if "storage.url" in self.settings:
            # The accounts are in an engine.
            del self.settings["storage.path"]
        self.environment = environment or {}
        self._prepare = prepare
        self._with_gateway = with_gateway
        self._login_burst = login_burst
        self._clients: list[Curl] = []
        self.port = free_port()
        self.base = f"https://localhost:{self.port}"
        self._process: Process | None = None
        self.gateway: Gateway | None = None

    def __enter__(self) -> Deployment:
        try:
            self.rewrite_settings()
            self.start()
            if self._with_gateway:
                self.gateway = Gateway(self.folder / "nginx", self.port, self.socket, self.mount)
                if self._login_burst is not None:
                    self.gateway.allow_logins(self._login_burst)
                self.gateway.start()
        except BaseException:
            self._end()
            raise
        Deployment.running.append(self)
        return self

    def __exit__(self, *failure: object) -> None:
        Deployment.running.remove(self)
        status = None
        try:
            if self._process is not None:
                if self._process.is_running:
                    status = self._process.stop()
                elif not self._process.was_told_to_end:
                    status = self._process.wait()
            if self.gateway is not None:
                self.gateway.stop()
        finally:
            tail = self._process.tail() if self._process is not None else ""
            leftovers = self._end()
        if failure[0] is None:
            assert status in (None, 0), f"the program ended with {status}:\n{tail}"
            assert not leftovers, f"left behind: {leftovers}"

    def _end(self) -> list[str]:
        leftovers = []
        if self._process is not None and self._process.kill_group():
            leftovers.append("a process of the program")
        if self.gateway is not None and self.gateway.kill_group():
            leftovers.append("a process of nginx")
        leftovers += [f"a secret in {log.name}" for log in self.logs if self.secrets.found_in(log)]
        for client in self._clients:
            client.close()
        if "COATCHECK_KEEP" not in os.environ:
            shutil.rmtree(self.folder, ignore_errors=True)
        return leftovers

    @property
    def logs(self) -> list[Path]:
        """Every log of the program and of nginx."""
        own = [self.log] if self.log.exists() else []
        return own + (self.gateway.logs if self.gateway is not None else [])

    @property
    def process(self) -> Process:
        """The program's process."""
        assert self._process is not None, "the program was not started"
        return self._process

    def rewrite_settings(self) -> None:
        """Writes `settings` to the file that the next start reads."""
        write_settings(self.settings_file, self.settings)

    def start(self) -> None:
        """Starts the program and waits until it is ready."""
        self._process = Process(
            serve_command(self.settings_file),
            self.log,
            clean_environment(**self.environment),
            self._prepare,
        )
        wait_ready(self._process, self.socket)

    def kill(self) -> None:
        """Kills the program as kill -9 does."""
        assert self.process.stop(signal.SIGKILL) == -signal.SIGKILL

    def restart(self) -> None:
        """Stops the program politely and starts it again on the same folder."""
        assert self.process.stop() == 0
        self.start()

    def client(self, agent: str | None = None) -> Curl:
        """A new curl with an empty cookie jar."""
        client = Curl(self.base + self.mount, self.secrets, agent)
        self._clients.append(client)
        return client

    def person(self) -> Person:
        """Somebody who has just signed up and is logged in."""
        client, name, password = self.client(), new_name(), self.secrets.password()
        answer = client.sign_up(name, password)
        assert answer.status == 201, f"could not sign up: {answer}"
        return Person(name, password, client)

    def send(self, method: str, path: str, **more: Any) -> Response:
        """One request through nginx without curl."""
        return wire.send(self.port, method, self.mount + path, **more)

    def ask(self, parameters: fastcgi.Parameters, body: bytes = b"") -> Response:
        """One request straight to the program's socket."""
        return fastcgi.request(self.socket, parameters, body)


class Person:
    """An account, what opens it, and a logged-in client."""

    def __init__(self, name: str, password: str, client: Curl) -> None:
        self.name = name
        self.password = password
        self.client = client


# What the fixture `deploy` is: starts a deployment that ends with the test.
Deploy = Callable[..., Deployment]
