"""An HTTP answer as the tests look at it, whichever client received it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit


# The cookie by which a device is known again; a login may set it beside that of the session.
DEVICE = re.compile(r"(__Host-|__Secure-)?device=")


@dataclass(frozen=True)
class Response:
    """Status, header lines in their order, and the body."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def all(self, name: str) -> list[str]:
        """Every value of the header `name`."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def header(self, name: str) -> str | None:
        """The one value of the header `name`; a repeated header is a failure."""
        values = self.all(name)
        assert len(values) <= 1, f"{name} stands {len(values)} times in the answer: {values}"
        return values[0] if values else None

    @property
    def session_cookie(self) -> str | None:
        """The one Set-Cookie that is not that of the known device."""
        values = [v for v in self.all("Set-Cookie") if not DEVICE.match(v)]
        assert len(values) <= 1, f"several session cookies: {values}"
        return values[0] if values else None

    @property
    def media_type(self) -> str:
        """The Content-Type without its parameters, in lower case."""
        return (self.header("Content-Type") or "").split(";")[0].strip().lower()

    @property
    def text(self) -> str:
        """The body as UTF-8."""
        return self.body.decode("utf-8")

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def location(self) -> str:
        """The Location header, which must be there."""
        value = self.header("Location")
        assert value is not None, f"no Location in {self}"
        return value

    @property
    def return_path(self) -> str:
        """What the one query parameter of Location, `next`, decodes to."""
        query = parse_qs(urlsplit(self.location).query, strict_parsing=True)
        assert list(query) == ["next"], f"Location carries more than next: {self.location}"
        assert len(query["next"]) == 1
        return query["next"][0]

    def __str__(self) -> str:
        lines = "\n".join(f"{name}: {value}" for name, value in self.headers)
        return f"{self.status}\n{lines}\n\n{self.body[:600]!r}"


def parse_headers(lines: list[str]) -> list[tuple[str, str]]:
    """Splits header lines at their first colon."""
    pairs = (line.partition(":") for line in lines if line)
    return [(name.strip(), value.strip()) for name, _, value in pairs]
