"""Remembers every password and ticket a test used, to find them where they must not be."""

from __future__ import annotations

import secrets
import threading
from pathlib import Path


class SecretsRegistry:
    """The secrets that one deployment has seen."""

    def __init__(self) -> None:
        self._values: set[str] = set()
        self._lock = threading.Lock()

    def add(self, value: str) -> str:
        """Remembers a secret and returns it. Short texts would match by chance and are refused."""
        assert len(value) >= 16, "a secret to search for has at least 16 characters"
        with self._lock:
            self._values.add(value)
        return value

    def password(self) -> str:
        """Makes and remembers a password that no list of common ones holds."""
        return self.add(f"walrus-{secrets.token_hex(8)}-plinth")

    def found_in(self, path: Path) -> bool:
        """Whether a file holds any of the secrets."""
        content = path.read_bytes()
        with self._lock:
            return any(value.encode() in content for value in self._values)
