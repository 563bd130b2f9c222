"""Applications behind nginx that show a mark, and remember what arrived."""

from __future__ import annotations

import re
import socketserver
import struct
import threading
from pathlib import Path
from typing import Any

from . import fastcgi


class Backend:
    """A server on threads of its own; `heads` is what nginx sent, a text for each request."""

    def __init__(self, mark: str, server: socketserver.BaseServer) -> None:
        self.mark = mark.encode()
        self.heads: list[str] = []
        self._server = server
        server.backend = self  # type: ignore[attr-defined]
        self._thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Backend:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class HTTPBackend(Backend):
    """Takes any bytes for a request, so that it sees all that a real one might misread."""

    def __init__(self, mark: str) -> None:
        server = _Threads(("127.0.0.1", 0), _HTTP)
        super().__init__(mark, server)
        self.port: int = server.server_address[1]


class FastCGIBackend(Backend):
    """A FastCGI application as `fastcgi_pass` knows it."""

    def __init__(self, mark: str, path: Path) -> None:
        super().__init__(mark, _UnixThreads(str(path), _FastCGI))


class _Threads(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 128


class _UnixThreads(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    request_queue_size = 128


class _HTTP(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        backend: Any = self.server.backend  # type: ignore[attr-defined]
        while head := self._head():
            backend.heads.append(head.decode("latin-1"))
            self._skip_body(head)
            answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(backend.mark)
            self.wfile.write(answer + backend.mark)
            if b"connection: close" in head.lower():
                break

    def _head(self) -> bytes:
        head = b""
        while line := self.rfile.readline(65536):
            head += line
            if line in (b"\r\n", b"\n"):
                break
        return head

    def _skip_body(self, head: bytes) -> None:
        if length := re.search(rb"(?im)^content-length: *(\d+)", head):
            self.rfile.read(int(length[1]))
        elif re.search(rb"(?im)^transfer-encoding:", head):
            while (size := int(self.rfile.readline(64).split(b";")[0], 16)) > 0:
                self.rfile.read(size + 2)
            self._head()


class _FastCGI(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        backend: Any = self.server.backend  # type: ignore[attr-defined]
        parameters = b""
        while header := self.rfile.read(8):
            _, kind, _, length, padding = struct.unpack(">BBHHBx", header)
            content = self.rfile.read(length + padding)[:length]
            if kind == fastcgi.PARAMS:
                parameters += content
            if kind == fastcgi.STDIN and not length:
                break
        if parameters:
            backend.heads.append("\n".join(f"{n}: {v}" for n, v in _pairs(parameters)))
            body = b"Status: 200 OK\r\n\r\n" + backend.mark
            end = fastcgi.record(fastcgi.END, bytes(8))
            try:
                self.wfile.write(fastcgi.stream(fastcgi.STDOUT, body) + end)
            except OSError:
                pass  # nginx has gone


def _pairs(octets: bytes) -> list[tuple[str, str]]:
    found, at = [], 0
    while at < len(octets):
        lengths = []
        for _ in range(2):
            size = 1 if octets[at] < 128 else 4
            lengths.append(int.from_bytes(octets[at : at + size], "big") & 0x7FFFFFFF)
            at += size
        name, value = lengths
        pair = octets[at : at + name], octets[at + name : at + name + value]
        found.append((pair[0].decode("latin-1"), pair[1].decode("latin-1")))
        at += name + value
    return found
