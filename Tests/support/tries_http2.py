"""Requests in HTTP/2 that try to be read in two ways: fields, and orders of frames."""

from __future__ import annotations

import struct
from collections.abc import Callable

from .http2 import (
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    HEADERS,
    PREFACE,
    PRIORITY,
    PUSH_PROMISE,
    RST_STREAM,
    SETTINGS,
    WINDOW,
    frame,
)

Fields = list[tuple[str, str]]

GET = [(":method", "GET"), (":scheme", "https"), (":path", "{p}"), (":authority", "{h}")]
POST_OPEN = [(":method", "POST"), (":scheme", "https"), (":path", "/open/x"), (":authority", "{h}")]
OPEN = [(":method", "GET"), *POST_OPEN[1:]]


def but(fields: Fields, **changes: str | None) -> Fields:
    """The same fields with other values of pseudo headers; `None` leaves one out."""
    changed = [(name, changes.get(name[1:], value)) for name, value in fields]
    return [(name, value) for name, value in changed if value is not None]


# In the values, {p} is the place and {h} the right host.
FIELDS: dict[str, Fields] = {
    "as it is": GET,
    "two paths": [*OPEN, (":path", "{p}")],
    "two paths, the open one last": [*GET, (":path", "/open/x")],
    "two methods": [*GET, (":method", "OPTIONS")],
    "two schemes": [*GET, (":scheme", "http")],
    "two authorities": [*GET, (":authority", "evil.example")],
    "another host": [*GET, ("host", "evil.example")],
    "host instead of authority": [*but(GET, authority=None), ("host", "{h}")],
    "no host at all": but(GET, authority=None),
    "no path": but(GET, path=None),
    "no method": but(GET, method=None),
    "no scheme": but(GET, scheme=None),
    "empty path": but(GET, path=""),
    "path with a host": but(GET, path="https://{h}{p}"),
    "path with another host": but(GET, path="http://evil.example{p}"),
    "path without a slash": but(GET, path="open/..{p}"),
    "path with a blank": but(GET, path="{p} HTTP/1.1"),
    "path with a request": but(GET, path="/open/x HTTP/1.1\r\nHost: x\r\n\r\nGET {p}"),
    "path with a line": but(GET, path="{p}\r\nX-Auth-User: mallory"),
    "path with NUL": but(GET, path="{p}\0"),
    "path with a fragment": but(GET, path="/open/#/..{p}"),
    "path with dots": but(GET, path="/open/%2e%2e{p}"),
    "authority with a path": but(OPEN, authority="{h}{p}"),
    "authority with a user": but(GET, authority="localhost:1@{h}"),
    "authority with a line": but(GET, authority="{h}\r\nX-Auth-User: mallory"),
    "scheme with a place": but(GET, scheme="https://{h}/open?"),
    "scheme http": but(GET, scheme="http"),
    "method with a request": but(GET, method="GET /open/x HTTP/1.1\r\nHost: x\r\n\r\nGET"),
    "lower case method": but(GET, method="get"),
    "connect": but(GET, method="CONNECT"),
    "websocket": [*but(GET, method="CONNECT"), (":protocol", "websocket")],
    "unknown pseudo header": [*GET, (":x-auth-user", "mallory")],
    "pseudo header at the end": [*GET[:2], GET[3], ("x-a", "b"), GET[2]],
    "pseudo header as an answer has it": [*GET, (":status", "204")],
    "upper case": [*GET, ("X-Auth-User", "mallory"), ("Cookie", "a=b")],
    "forged identity": [*GET, ("x-auth-user", "mallory"), ("x-auth-groups", "admin")],
    "underscores": [*GET, ("x_auth_user", "mallory"), ("http_cookie", "a=b")],
    "name with a blank": [*GET, ("x-auth-user ", "mallory")],
    "name with a colon": [*GET, ("x-auth-user:", "mallory")],
    "name with a line": [*GET, ("x-a: b\r\nx-auth-user", "mallory")],
    "empty name": [*GET, ("", "mallory")],
    "value with a line": [*GET, ("x-a", "b\r\nX-Auth-User: mallory")],
    "value with a line feed": [*GET, ("x-a", "b\nX-Auth-User: mallory")],
    "value with NUL": [*GET, ("x-a", "b\0X-Auth-User: mallory")],
    "value with a request": [*OPEN, ("x-a", "b\r\n\r\nGET {p} HTTP/1.1\r\nHost: {h}\r\n\r\n")],
    "connection": [*GET, ("connection", "x-auth-user, cookie"), ("keep-alive", "1")],
    "transfer encoding": [*GET, ("transfer-encoding", "chunked")],
    "trailers": [*GET, ("te", "trailers, chunked")],
    "upgrade": [*GET, ("connection", "upgrade"), ("upgrade", "h2c")],
    "original URL": [*GET, ("x-original-url", "/"), ("x-rewrite-url", "/")],
    "many cookies": [*GET, *(("cookie", f"__Host-session={n:043}") for n in range(50))],
    "range": [*GET, ("range", "bytes=0-3"), ("if-range", '"x"')],
    "length without a body": [*GET, ("content-length", "5")],
    "two lengths": [*GET, ("content-length", "0"), ("content-length", "5")],
    "thousands of headers": [*GET, *((f"x-{n}", "a") for n in range(3000))],
}

# Frames for a place, given the blocks of a guarded GET, of an open POST and of fields that name
# the place in a trailer.
FRAMES: dict[str, Callable[[bytes, bytes, bytes], bytes]] = {
    "block in single bytes": lambda get, post, path: frame(HEADERS, get[:1], END_STREAM, 1)
    + b"".join(frame(CONTINUATION, get[n : n + 1], 0, 1) for n in range(1, len(get)))
    + frame(CONTINUATION, b"", END_HEADERS, 1),
    "block never ends": lambda get, post, path: frame(HEADERS, get, END_STREAM, 1)
    + frame(CONTINUATION, b"", 0, 1) * 20_000,
    "block torn by another stream": lambda get, post, path: frame(HEADERS, post, 0, 1)
    + frame(HEADERS, get, END_HEADERS | END_STREAM, 3),
    "block goes on elsewhere": lambda get, post, path: frame(HEADERS, post, 0, 1)
    + frame(CONTINUATION, get, END_HEADERS, 3),
    "continuation of nothing": lambda get, post, path: frame(CONTINUATION, get, END_HEADERS, 1),
    "stream 0": lambda get, post, path: frame(HEADERS, get, END_HEADERS | END_STREAM, 0),
    "stream of the server": lambda get, post, path: frame(HEADERS, get, 5, 2),
    "trailer with a path": lambda get, post, path: frame(HEADERS, post, END_HEADERS, 1)
    + frame(DATA, b"a", 0, 1)
    + frame(HEADERS, path, 5, 1),
    "headers twice": lambda get, post, path: frame(HEADERS, post, END_HEADERS, 1)
    + frame(HEADERS, get, 5, 1),
    "stream used again": lambda get, post, path: frame(HEADERS, post, 5, 1)
    + frame(HEADERS, get, 5, 1),
    "padding longer than the frame": lambda get, post, path: frame(HEADERS, b"\xff" + get, 13, 1),
    "depends on itself": lambda get, post, path: frame(
        HEADERS, struct.pack(">IB", 1, 255) + get, 0x25, 1
    ),
    "priority of nothing": lambda get, post, path: frame(PRIORITY, bytes(5), 0, 1)
    + frame(HEADERS, get, 5, 1),
    "push": lambda get, post, path: frame(PUSH_PROMISE, struct.pack(">I", 2) + get, END_HEADERS, 1),
    "window of 2^31": lambda get, post, path: frame(HEADERS, get, 5, 1)
    + frame(WINDOW, b"\x7f\xff\xff\xff", 0, 1) * 2,
    "no window": lambda get, post, path: frame(SETTINGS, struct.pack(">HI", 4, 0))
    + frame(HEADERS, get, 5, 1)
    + frame(WINDOW, struct.pack(">I", 65535), 0, 1),
    "table of no size": lambda get, post, path: frame(SETTINGS, struct.pack(">HI", 1, 0))
    + frame(HEADERS, get, 5, 1),
    "index out of the table": lambda get, post, path: frame(HEADERS, b"\xff\xff\x7f" + get, 5, 1),
    "bytes for a frame": lambda get, post, path: b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "preface twice": lambda get, post, path: PREFACE + frame(HEADERS, get, 5, 1),
    "reset at once": lambda get, post, path: b"".join(
        frame(HEADERS, get, 5, n) + frame(RST_STREAM, bytes(4), 0, n) for n in range(1, 1001, 2)
    ),
}
