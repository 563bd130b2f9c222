"""Requests to nginx that curl would not send, and requests in numbers."""

from __future__ import annotations

import http.client
import socket
import ssl

from .response import Response, parse_headers


def context() -> ssl.SSLContext:
    """TLS that accepts the self-signed certificate."""
    settings = ssl.create_default_context()
    settings.check_hostname = False
    settings.verify_mode = ssl.CERT_NONE
    return settings


TLS = context()


def burst(
    port: int, octets: bytes, timeout: float = 15.0, finish: bool = False, piece: int = 0
) -> bytes:
    """Sends bytes as they are over TLS and returns whatever comes back until nginx hangs up.

    With `piece` so many bytes stand in each TLS record. With `finish` the connection is closed
    right after sending, as by a client that died, and nothing is read. Silence for `timeout` is an
    error.
    """
    answer = b""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as plain:
        with TLS.wrap_socket(plain, server_hostname="localhost") as connection:
            try:
                for at in range(0, len(octets), piece or len(octets)):
                    connection.sendall(octets[at : at + (piece or len(octets))])
                while not finish and (more := connection.recv(65536)):
                    answer += more
            except (ConnectionError, ssl.SSLEOFError):
                pass
    return answer


def raw(port: int, octets: bytes, timeout: float = 15.0, finish: bool = False) -> Response | None:
    """The same, and reads one answer; `None` when nginx hangs up or nothing is read.

    The request must ask for `Connection: close`.
    """
    answer = burst(port, octets, timeout, finish)
    if not answer:
        return None
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    return Response(int(lines[0].split()[1]), parse_headers(lines[1:]), body)


def get(
    port: int, target: str, headers: dict[str, str] | None = None, method: str = "GET"
) -> Response | None:
    """GET (or HEAD) of a request target that is sent byte for byte."""
    fields = {"Host": f"localhost:{port}", "Connection": "close"} | (headers or {})
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return raw(port, ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))


def send(
    port: int,
    method: str,
    path: str,
    headers: dict[str, str] | None = None,
    body: bytes | None = None,
    source: str = "127.0.0.1",
    timeout: float = 30.0,
) -> Response:
    """One request on its own connection, cheaper than a curl process."""
    connection = http.client.HTTPSConnection(
        "127.0.0.1", port, timeout=timeout, source_address=(source, 0), context=TLS
    )
    try:
        fields = {"Host": f"localhost:{port}", "Connection": "close"} | (headers or {})
        connection.request(method, path, body, fields)
        answer = connection.getresponse()
        return Response(answer.status, answer.getheaders(), answer.read())
    finally:
        connection.close()
