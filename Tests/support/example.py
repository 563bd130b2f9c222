"""The example of two machines (deploy/two-machines), run on loopback.

The files are the example's own. Addresses, ports and paths in them are replaced, each of which must
be there, and nothing else.
"""

from __future__ import annotations

import re
import secrets
import shutil
import socket
import tempfile
from collections.abc import Sequence
from pathlib import Path

from .certificates import Authority
from .curl import Curl
from .gateway import Gateway, free_port
from .program import ROOT, Process
from .secrets_registry import SecretsRegistry
from .waiting import wait_until

EXAMPLE = ROOT / "deploy/two-machines"
SITE = "www.example.org"
# What stands for CHANGE-ME.
PASSWORD = secrets.token_hex(16)


def replaced(text: str, *pairs: tuple[str, str]) -> str:
    """A text in which the first of each pair, which must be in it, gives way to the second."""
    for old, new in pairs:
        assert old in text, f"the example has no {old}"
        text = text.replace(old, new)
    return text


def secret_file(path: str) -> str:
    """The text of a file of the example, with a password as an operator puts it there."""
    return replaced((EXAMPLE / path).read_text(), ("CHANGE-ME", PASSWORD))


class Example:
    """The nginx of two machines, in front of the sockets of Coatcheck, and a balancer before them."""

    def __init__(self, sockets: Sequence[Path]) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="coatcheck-example-"))
        self._authority = Authority(self._folder / "authority")
        # The certificate of the site, and its key.
        self.files = self._authority.issue(self._folder / "site", SITE)
        self._sockets = sockets
        self.machines: list[Gateway] = []
        # Of each machine: where the balancer asks for its health.
        self.health = [free_port() for _ in sockets]
        self.secrets = SecretsRegistry()
        self.port = free_port()
        self._clients: list[Curl] = []
        self._balancer: Gateway | Process | None = None

    def __enter__(self) -> Example:
        return self

    def __exit__(self, *_: object) -> None:
        for server in [*self.machines, self._balancer]:
            if server is not None:
                server.kill_group()
        for client in self._clients:
            client.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def start(self, balancer: str) -> None:
        """Starts the machines, and before them a balancer, "haproxy" or "nginx"."""
        for index, program in enumerate(self._sockets):
            machine = self._nginx(f"machine{index}", free_port(), program)
            self._configure(machine, self._machine(machine.port, self.health[index], balancer))
            machine.start()
            self.machines.append(machine)
        self.balance(balancer, [machine.port for machine in self.machines])

    def balance(self, balancer: str, ports: Sequence[int]) -> None:
        """Starts a balancer before two ports."""
        if balancer == "nginx":
            self._balancer = server = self._nginx("balancer", self.port, self._folder / "unused")
            self._configure(server, self._nginx_balancer(ports))
            server.start()
            return
        file = self._folder / "haproxy.cfg"
        file.write_text(self._haproxy(ports))
        self._balancer = process = Process(["haproxy", "-db", "-f", file], self._folder / "log")

        def listens() -> bool:
            assert process.is_running, process.tail()
            with socket.socket() as connection:
                return connection.connect_ex(("127.0.0.1", self.port)) == 0

        wait_until(listens, "HAProxy to listen")

    def client(self) -> Curl:
        """A new curl that comes to the balancer."""
        client = Curl(f"https://localhost:{self.port}", self.secrets)
        self._clients.append(client)
        return client

    def tell(self, command: str) -> str:
        """Gives HAProxy a command on its socket for administration."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(15)
            connection.connect(str(self._folder / "admin.sock"))
            connection.sendall(command.encode() + b"\n")
            return connection.makefile().read()

    # The files, for this place

    def _nginx(self, name: str, port: int, program: Path) -> Gateway:
        return Gateway(self._folder / name, port, program)

    def _configure(self, server: Gateway, text: str) -> None:
        """Has an nginx read the example instead of the site of `make run`."""
        head, _, _ = server.configuration.read_text().partition("    # (1) once\n")
        (server.prefix / "example.conf").write_text(text)
        server.configuration.write_text(f"{head}    include example.conf;\n}}\n")

    def _certificates(self) -> list[tuple[str, str]]:
        names = (f"/etc/nginx/{SITE}.pem", f"/etc/nginx/{SITE}.key")
        return [(name, str(file)) for name, file in zip(names, self.files, strict=True)]

    def _machine(self, port: int, health: int, balancer: str) -> str:
        text = (EXAMPLE / "machine/nginx.conf").read_text()
        if balancer == "nginx":
            # What is meant by "these instead".
            text = re.sub(r"^( +)(listen .* proxy_protocol|real_ip_header proxy_protocol);",
                          r"\1#\2;", text, flags=re.MULTILINE)
            text = re.sub(r"^( +)#(listen .* http2|real_ip_header X-Forwarded-For);",
                          r"\1\2;", text, flags=re.MULTILINE)
        return replaced(
            text,
            ("10.0.0.11:443", f"127.0.0.1:{port}"),
            ("10.0.0.11:9180", f"127.0.0.1:{health}"),
            ("allow 10.0.0.11;", ""),
            ("10.0.0.2;", "127.0.0.1;"),
            *self._certificates(),
        )

    def _nginx_balancer(self, ports: Sequence[int]) -> str:
        return replaced(
            (EXAMPLE / "balancer/nginx.conf").read_text(),
            ("listen 443 ", f"listen 127.0.0.1:{self.port} "),
            ("listen 80;", f"listen 127.0.0.1:{free_port()};"),
            ("10.0.0.11:443", f"127.0.0.1:{ports[0]}"),
            ("10.0.0.12:443", f"127.0.0.1:{ports[1]}"),
            ("/etc/ssl/certs/ca-certificates.crt", str(self._authority.certificate)),
            *self._certificates(),
        )

    def _haproxy(self, ports: Sequence[int]) -> str:
        return replaced(
            (EXAMPLE / "balancer/haproxy.cfg").read_text(),
            ("    user haproxy\n    group haproxy\n", ""),
            # More than a test may have.
            ("maxconn 20000", "maxconn 1000"),
            ("/run/haproxy/admin.sock", str(self._folder / "admin.sock")),
            ("bind :443", f"bind 127.0.0.1:{self.port}"),
            ("bind :80", f"bind 127.0.0.1:{free_port()}"),
            ("10.0.0.11:443 send-proxy-v2 check port 9180",
             f"127.0.0.1:{ports[0]} send-proxy-v2 check port {self.health[0]}"),
            ("10.0.0.12:443 send-proxy-v2 check port 9180",
             f"127.0.0.1:{ports[1]} send-proxy-v2 check port {self.health[1]}"),
            ("10.0.0.11:443", f"127.0.0.1:{ports[0]}"),
            ("10.0.0.12:443", f"127.0.0.1:{ports[1]}"),
        )
