"""The forms in which a secret could stand in a file without being recognised at once."""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import quote


def _inner_base64(octets: bytes) -> set[bytes]:
    """What base64 makes of bytes wherever they begin within a longer text, both alphabets."""
    found = set()
    for offset in range(3):
        for alphabet in (base64.b64encode, base64.urlsafe_b64encode):
            text = alphabet(b"\0" * offset + octets).rstrip(b"=")
            # The first and last characters depend on the neighbours.
            found.add(text[(offset * 8 + 5) // 6 : len(text) - 1])
    return found


def encodings(secret: str) -> set[bytes]:
    """A text as it is, backwards, in base64, in hex, and percent-encoded."""
    octets = secret.encode()
    hexadecimal = octets.hex()
    percent = "".join(f"%{octet:02x}" for octet in octets)
    texts = {
        secret,
        secret[::-1],
        hexadecimal,
        hexadecimal.upper(),
        percent,
        percent.upper(),
        quote(secret, safe=""),
        "".join(f"\\u{ord(c):04x}" for c in secret),
    }
    return {text.encode() for text in texts} | _inner_base64(octets)


def token_forms(token: str) -> set[bytes]:
    """The encodings of a token of 43 characters, and the 32 bytes that it writes down."""
    octets = base64.urlsafe_b64decode(token + "=")
    assert len(octets) == 32
    return encodings(token) | {octets, octets.hex().encode(), octets.hex().upper().encode()}


def digest_forms(token: str) -> set[bytes]:
    """The SHA-256 of a token, of its text and of its bytes, in every form that text can have.

    The store holds the digest as bytes and needs it; a log that held it in any form would name
    the row (ASVS 16.2.5).
    """
    octets = base64.urlsafe_b64decode(token + "=")
    found: set[bytes] = set()
    for digest in (hashlib.sha256(token.encode()).digest(), hashlib.sha256(octets).digest()):
        text = digest.hex().encode()
        found |= {digest, text, text.upper(), base64.b64encode(digest).rstrip(b"=")}
        found.add(base64.urlsafe_b64encode(digest).rstrip(b"="))
    return found
