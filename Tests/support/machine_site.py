"""A site in a booted machine, set up as the README says: Coatcheck's package behind nginx."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from . import wire
from .curl import Curl
from .deployment import Person
from .gateway import free_port
from .machine import Machine
from .names import new_name
from .program import write_settings
from .response import Response
from .secrets_registry import SecretsRegistry
from .waiting import wait_until

GUARDED = "behind the counter"

SERVER = """
include snippets/coatcheck-http.conf;
server {
    listen 127.0.0.1:%(port)d ssl;
    server_name localhost;
    ssl_certificate /etc/nginx/cert.pem;
    ssl_certificate_key /etc/nginx/key.pem;
    include snippets/coatcheck-routes.conf;
    location ^~ /wiki/ {
        include snippets/coatcheck-protect.conf;
        root /srv;
    }
}
"""


class MachineSite:
    """What the tests need of the site: its clients, its settings, its secrets."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.port = free_port()
        self.base = f"https://localhost:{self.port}"
        self.secrets = SecretsRegistry()
        self.settings: dict[str, Any] = {"site.url": self.base, "session.per-account": 10000}

    def set_up(self) -> None:
        """Writes the settings and nginx's site, and reloads both, as the README says."""
        self.write_settings()
        page = self.machine.files / "srv/wiki/index.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(GUARDED)
        nginx = self.machine.files / "etc/nginx"
        command = [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-subj", "/CN=localhost", "-days", "2"),
            *("-keyout", nginx / "key.pem", "-out", nginx / "cert.pem"),
        ]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
        (nginx / "conf.d/site.conf").write_text(SERVER % {"port": self.port})
        self.machine.run("systemctl", "reload", "coatcheck")
        # Not reload: it was started without a site, and binds the port before it answers.
        self.machine.run("systemctl", "restart", "nginx")
        wait_until(self.is_ready, "the site to be ready")

    @property
    def settings_file(self) -> Path:
        """The settings, as the administrator finds them."""
        return self.machine.files / "etc/coatcheck/coatcheck.yaml"

    def write_settings(self) -> None:
        """Writes `settings` to the file."""
        write_settings(self.settings_file, self.settings)

    def send(self, method: str, path: str, **more: Any) -> Response:
        """One request through nginx without curl."""
        return wire.send(self.port, method, path, **more)

    def is_ready(self) -> bool:
        """Whether Coatcheck says, through nginx, that it is ready."""
        return self.send("GET", "/health/ready").status == 200

    def client(self) -> Curl:
        """A new curl with an empty cookie jar."""
        return Curl(self.base, self.secrets)

    def person(self) -> Person:
        """Somebody who has just signed up and is logged in."""
        client, name, password = self.client(), new_name(), self.secrets.password()
        answer = client.sign_up(name, password)
        assert answer.status == 201, f"could not sign up: {answer}"
        return Person(name, password, client)
