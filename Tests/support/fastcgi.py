"""A FastCGI client that speaks to the unix socket itself, well or badly.

nginx only sends well-formed records; this client can also leave some out, cut them short or lie
in them. Numbers are those of the FastCGI specification, version 1.
"""

from __future__ import annotations

import socket
import struct
from pathlib import Path

from .response import Response, parse_headers

BEGIN, ABORT, END, PARAMS, STDIN, STDOUT, STDERR = 1, 2, 3, 4, 5, 6, 7
RESPONDER = 1

Parameters = list[tuple[str | bytes, str | bytes]]


def record(kind: int, content: bytes = b"", request_id: int = 1, version: int = 1) -> bytes:
    """One record; content beyond 65535 bytes has no place in it."""
    return struct.pack(">BBHHBx", version, kind, request_id, len(content), 0) + content


def begin(role: int = RESPONDER, keep: bool = False, request_id: int = 1) -> bytes:
    """The record that opens a request."""
    return record(BEGIN, struct.pack(">HB5x", role, int(keep)), request_id)


def pair(name: str | bytes, value: str | bytes) -> bytes:
    """One name-value pair with its lengths."""
    octets = [text.encode() if isinstance(text, str) else text for text in (name, value)]
    lengths = b"".join(
        struct.pack(">B", len(o)) if len(o) < 128 else struct.pack(">I", len(o) | 1 << 31)
        for o in octets
    )
    return lengths + b"".join(octets)


def stream(kind: int, content: bytes) -> bytes:
    """A whole stream: its records of at most 32 KiB and the empty one that ends it."""
    pieces = [content[at : at + 32768] for at in range(0, len(content), 32768)]
    return b"".join(record(kind, piece) for piece in pieces) + record(kind)


def route(method: str, path: str, body: bytes = b"", **more: str) -> Parameters:
    """The parameters that nginx sends for a route mounted at `/`; `more` adds or replaces."""
    document, _, query = path.partition("?")
    parameters = {
        "SCRIPT_NAME": "",
        "DOCUMENT_URI": document,
        "QUERY_STRING": query,
        "REQUEST_METHOD": method,
        "CONTENT_TYPE": "application/json" if body else "",
        "CONTENT_LENGTH": str(len(body)) if body else "",
        "REQUEST_URI": path,
        "REMOTE_ADDR": "127.0.0.1",
        "HTTPS": "on",
        "HTTP_HOST": "localhost",
        "REQUEST_ID": "0123456789abcdef0123456789abcdef",
    }
    return list((parameters | more).items())


def check(policy: str, cookie: str, **more: str) -> Parameters:
    """The parameters of an auth_request check."""
    parameters = {
        "SCRIPT_NAME": "",
        "HTTPS": "on",
        "HTTP_COOKIE": cookie,
        "REQUEST_METHOD": "GET",
        "COATCHECK_MODE": "check",
        "COATCHECK_POLICY": policy,
    }
    return list((parameters | more).items())


def encode(parameters: Parameters) -> bytes:
    """The content of the PARAMS stream."""
    return b"".join(pair(name, value) for name, value in parameters)


class Connection:
    """One connection to the socket."""

    def __init__(self, path: Path, timeout: float = 15.0) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        self.socket.connect(str(path))

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, octets: bytes) -> None:
        """Sends bytes; a peer that has hung up already is not the sender's failure."""
        try:
            self.socket.sendall(octets)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def finish_sending(self) -> None:
        """Closes the sending half, as a client that died in the middle looks to the server."""
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def receive(self) -> bytes:
        """Everything the server wrote to STDOUT until it ended the request or hung up."""
        output = b""
        while header := self._read(8):
            _, kind, _, length, padding = struct.unpack(">BBHHBx", header)
            content = self._read(length + padding)[:length]
            if kind == STDOUT:
                output += content
            if kind == END:
                break
        return output

    def receive_all(self) -> list[bytes]:
        """What the server wrote to STDOUT for each request until it hung up."""
        outputs = []
        while output := self.receive():
            outputs.append(output)
        return outputs

    def _read(self, count: int) -> bytes:
        octets = b""
        while len(octets) < count:
            try:
                piece = self.socket.recv(count - len(octets))
            except ConnectionResetError:
                return b""
            if not piece:
                return b""
            octets += piece
        return octets


def parse(output: bytes) -> Response:
    """Reads an answer, which must begin with `Status:` (without it nginx would assume 200)."""
    assert output.startswith(b"Status: "), f"Status is not the first header: {output[:80]!r}"
    head, _, body = output.partition(b"\r\n\r\n")
    headers = parse_headers(head.decode("utf-8").split("\r\n"))
    return Response(int(headers[0][1].split()[0]), headers[1:], body)


def exchange(path: Path, octets: bytes, timeout: float = 15.0) -> bytes:
    """Sends bytes on a new connection, closes the sending half and returns what came back."""
    with Connection(path, timeout) as connection:
        connection.send(octets)
        connection.finish_sending()
        return connection.receive()


def request(path: Path, parameters: Parameters, body: bytes = b"") -> Response:
    """One well-formed request and its answer."""
    octets = begin() + stream(PARAMS, encode(parameters)) + stream(STDIN, body)
    with Connection(path) as connection:
        connection.send(octets)
        return parse(connection.receive())
