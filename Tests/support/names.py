"""Names that no other test uses."""

from __future__ import annotations

import secrets


def new_name(prefix: str = "person") -> str:
    """A fresh user name."""
    return f"{prefix}-{secrets.token_hex(4)}"


def new_address(prefix: str = "person") -> str:
    """A fresh email address."""
    return f"{new_name(prefix)}@example.org"


def new_source() -> str:
    """A loopback address to connect from.

    nginx limits logins per address; as clients do, each test comes from an address of its own.
    """
    a, b, c = secrets.token_bytes(3)
    return f"127.{1 + a % 250}.{b}.{1 + c % 250}"
