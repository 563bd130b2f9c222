"""An HTTP/2 client that sends whatever frames it is told to (RFC 9113), over TLS."""

from __future__ import annotations

import socket
import ssl
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

import hpack

from .wire import context

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW, CONTINUATION = (
    range(10)
)
END_STREAM, END_HEADERS, ACK = 0x1, 0x4, 0x1
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

TLS = context()
TLS.set_alpn_protocols(["h2"])

Headers = Sequence[tuple[str | bytes, str | bytes]]


def frame(kind: int, payload: bytes = b"", flags: int = 0, stream: int = 0) -> bytes:
    """One frame."""
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def block(headers: Headers) -> bytes:
    """A header block: nothing is checked, and nothing enters the peer's table."""
    return bytes(hpack.Encoder().encode([(n, v, True) for n, v in headers], huffman=False))


def request(headers: Headers, body: bytes | None = None, stream: int = 1) -> bytes:
    """HEADERS, and DATA where there is a body."""
    flags = END_HEADERS | (END_STREAM if body is None else 0)
    frames = frame(HEADERS, block(headers), flags, stream)
    return frames if body is None else frames + frame(DATA, body, END_STREAM, stream)


@dataclass
class Heard:
    """What came back: statuses and bodies by stream, and how the connection ended."""

    statuses: dict[int, int] = field(default_factory=dict)
    bodies: dict[int, bytes] = field(default_factory=dict)
    errors: list[int] = field(default_factory=list)

    @property
    def octets(self) -> bytes:
        """All bodies."""
        return b"\n".join(self.bodies.values())


def exchange(port: int, frames: bytes, streams: int = 1, timeout: float = 5.0) -> Heard:
    """Sends frames on a new connection and listens until so many streams have ended.

    A reset stream has ended; the end of the connection ends all.
    """
    heard, decoder, ended = Heard(), hpack.Decoder(), 0
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as plain:
        with TLS.wrap_socket(plain, server_hostname="localhost") as connection:
            assert connection.selected_alpn_protocol() == "h2"
            try:
                connection.sendall(PREFACE + frame(SETTINGS) + frames)
                while ended < streams:
                    kind, flags, stream, payload = _read(connection)
                    if kind == HEADERS:
                        fields = dict(decoder.decode(payload))
                        heard.statuses[stream] = int(fields[":status"])
                    elif kind == DATA:
                        heard.bodies[stream] = heard.bodies.get(stream, b"") + payload
                    elif kind in (RST_STREAM, GOAWAY):
                        heard.errors.append(int.from_bytes(payload[-4:], "big"))
                        ended += 1
                    elif kind == SETTINGS and not flags & ACK:
                        connection.sendall(frame(SETTINGS, flags=ACK))
                    if kind in (HEADERS, DATA) and flags & END_STREAM:
                        ended += 1
            except (OSError, EOFError):
                pass  # nginx has ended the connection
    return heard


def _read(connection: ssl.SSLSocket) -> tuple[int, int, int, bytes]:
    header = _exactly(connection, 9)
    kind, flags, stream = struct.unpack(">BBI", header[3:])
    return kind, flags, stream, _exactly(connection, int.from_bytes(header[:3], "big"))


def _exactly(connection: ssl.SSLSocket, count: int) -> bytes:
    octets = b""
    while len(octets) < count:
        piece = connection.recv(count - len(octets))
        if not piece:
            raise EOFError
        octets += piece
    return octets
