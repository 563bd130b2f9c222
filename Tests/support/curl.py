"""A client with a cookie jar: the real curl, one process for each request."""

from __future__ import annotations

import json as json_module
import subprocess
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from .names import new_source
from .response import Response, parse_headers
from .secrets_registry import SecretsRegistry

# What a browser adds when a person follows a link or types an address, and when a script asks.
NAVIGATION = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Site": "none",
}
FETCH = {
    "Accept": "*/*",
    "Sec-Fetch-Mode": "cors",
    "Sec-Fetch-Dest": "empty",
    "Sec-Fetch-Site": "same-origin",
}
HTML = {"Accept": "text/html"}

SESSION_NAMES = ("__Host-session", "__Secure-session", "session")


class Curl:
    """curl with a cookie jar of its own, talking to one site."""

    def __init__(self, base: str, secrets: SecretsRegistry, agent: str | None = None) -> None:
        self.base = base
        self.agent = agent
        self.source = new_source()
        self._secrets = secrets
        self._folder = tempfile.TemporaryDirectory(prefix="coatcheck-curl-")
        self.folder = Path(self._folder.name)
        self.jar = self.folder / "jar"
        self.jar.touch()

    def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        form: Any = None,
        data: bytes | None = None,
        headers: dict[str, str] | None = None,
        arguments: tuple[str, ...] = (),
    ) -> Response:
        """One request; `form` is urlencoded, `json` serialised, `data` sent as it is."""
        fields = dict(headers or {})
        if json is not None:
            data = json_module.dumps(json).encode()
            fields.setdefault("Content-Type", "application/json")
        if form is not None:
            data = urlencode(form).encode()
            fields.setdefault("Content-Type", "application/x-www-form-urlencoded")
        head, body = self.folder / "head", self.folder / "body"
        body.write_bytes(b"")
        command = [
            *("curl", "-q", "--silent", "--show-error", "--insecure", "--path-as-is"),
            *("--max-time", "60", "--interface", self.source, "--header", "Expect:"),
            *("--cookie", self.jar, "--cookie-jar", self.jar),
            *("--dump-header", head),
            # For HEAD curl writes the headers where the body would go.
            *(("--head", "-o", "/dev/null") if method == "HEAD" else ("-X", method, "-o", body)),
        ]
        if self.agent is not None:
            command += ["--user-agent", self.agent]
        if data is not None:
            command += ["--data-binary", "@-"]
            # curl would call any body a form.
            fields.setdefault("Content-Type", "")
        for name, value in fields.items():
            command += ["--header", f"{name}: {value}" if value else f"{name}:"]
        result = subprocess.run(
            [*command, *arguments, self.base + path], input=data or b"", capture_output=True
        )
        assert result.returncode == 0, f"curl: {result.stderr.decode()} ({method} {path})"
        return self._read(head, body)

    def _read(self, head: Path, body: Path) -> Response:
        # HTTP/1.1 may send an interim answer first: the last block is the one that counts.
        block = head.read_text("utf-8").replace("\r\n", "\n").strip().split("\n\n")[-1]
        status, *lines = block.split("\n")
        response = Response(int(status.split()[1]), parse_headers(lines), body.read_bytes())
        for line in response.all("Set-Cookie"):
            name, _, value = line.split(";")[0].partition("=")
            if name in SESSION_NAMES and len(value) >= 16:
                self._secrets.add(value)
        return response

    def get(self, path: str, headers: dict[str, str] | None = None) -> Response:
        """GET, as plain curl does it unless `headers` say otherwise."""
        return self.request("GET", path, headers=headers)

    def post_json(self, path: str, value: Any, headers: dict[str, str] | None = None) -> Response:
        """POST of a JSON body."""
        return self.request("POST", path, json=value, headers=headers)

    def post_form(self, path: str, fields: Any, headers: dict[str, str] | None = None) -> Response:
        """POST of an urlencoded form; `fields` is a dictionary or a list of pairs."""
        return self.request("POST", path, form=fields, headers=headers)

    def sign_up(self, name: str, password: str) -> Response:
        """Signs up with JSON."""
        return self.post_json("/signup", {"username": name, "password": password})

    def log_in(self, name: str, password: str, **more: Any) -> Response:
        """Logs in with JSON."""
        return self.post_json("/login", {"username": name, "password": password} | more)

    @property
    def cookies(self) -> dict[str, str]:
        """What is in the jar, by name."""
        lines = (line.removeprefix("#HttpOnly_") for line in self.jar.read_text().splitlines())
        rows = [line.split("\t") for line in lines if line.count("\t") == 6]
        return {row[5]: row[6] for row in rows}

    @property
    def ticket_cookie(self) -> str:
        """The session cookie as `name=value`, as it would be pasted into another request."""
        name, value = next((n, v) for n, v in self.cookies.items() if n in SESSION_NAMES)
        return f"{name}={value}"

    def close(self) -> None:
        """Forgets the jar."""
        self._folder.cleanup()
