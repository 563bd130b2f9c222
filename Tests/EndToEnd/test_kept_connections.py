"""The connections that nginx keeps: for GET, without starving or smuggling."""

from __future__ import annotations

import http.client
import json
import time
from contextlib import closing
from pathlib import Path

from support import fastcgi
from support.deployment import Deploy, Deployment, Person
from support.fastcgi import PARAMS, STDIN, begin, encode, record, route, stream
from support.parallel import at_once
from support.prometheus import parse
from support.waiting import wait_until
from support.wire import TLS


def connections(site: Deployment) -> int:
    """How many connections at its socket the program holds open (proc_net(5))."""
    table = Path("/proc/net/unix").read_text(errors="replace")
    sockets = [line.split() for line in table.splitlines()]
    # The state SS_CONNECTED, as the program's end of a connection alone has beside the path.
    return sum(fields[5] == "03" and fields[7:] == [str(site.socket)] for fields in sockets)


def browser(site: Deployment) -> http.client.HTTPSConnection:
    """A connection to nginx that carries one request after the other."""
    return http.client.HTTPSConnection("127.0.0.1", site.port, timeout=30, context=TLS)


def ask(
    connection: http.client.HTTPSConnection,
    path: str,
    method: str = "GET",
    body: bytes | None = None,
    cookie: str = "",
) -> tuple[int, bytes]:
    """One request: status and body of its answer."""
    connection.request(method, path, body, {"Cookie": cookie} if cookie else {})
    answer = connection.getresponse()
    return answer.status, answer.read()


def cookie_of(site: Deployment, person: Person) -> str:
    """A cookie that opens a session of a person."""
    body = json.dumps({"username": person.name, "password": person.password}).encode()
    answer = site.send("POST", "/login", headers={"Content-Type": "application/json"}, body=body)
    ticket = (answer.session_cookie or "").split(";")[0]
    site.secrets.add(ticket.partition("=")[2])
    return ticket


def test_gets_and_their_checks_share_a_connection_and_nothing_else_does(deploy: Deploy) -> None:
    site = deploy()
    cookie = cookie_of(site, site.person())
    with closing(browser(site)) as connection:
        for _ in range(20):
            assert ask(connection, "/api/logout", "POST")[0] == 204
            assert ask(connection, "/me", "HEAD")[0] == 401
            assert ask(connection, "/dashboard", "HEAD", cookie=cookie)[0] == 200
        wait_until(lambda: connections(site) == 0, "POST and HEAD to close theirs")
        for _ in range(20):
            assert ask(connection, "/me", cookie=cookie)[0] == 200
            assert ask(connection, "/dashboard", cookie=cookie)[0] == 200
            assert ask(connection, "/staff", cookie=cookie)[0] == 403
        # One client is served by one worker of nginx, which needs one connection for it.
        wait_until(lambda: connections(site) == 1, "the refused one to close its other")
    assert not list(site.folder.rglob("temporary/fastcgi/*/*")), "an answer was written to a file"


def test_no_body_becomes_a_request(deploy: Deploy) -> None:
    """FastCGI records in the body of a GET, at every place where libfcgi's buffer can end.

    The body is longer than Coatcheck reads. What is left would be parsed as the next request: with
    any identity, and its answer would go to the next visitor.
    """
    site = deploy({"workers": 2})
    forged = begin(keep=True) + stream(PARAMS, encode(route("GET", "/signup"))) + record(STDIN)
    forged += bytes(-len(forged) % 8)
    # nginx aligns records at 8 bytes.
    shifts = range(0, 8192, 8)
    with closing(browser(site)) as connection:
        for shift in shifts:
            body = bytes(shift) + forged * (70_000 // len(forged))
            status, text = ask(connection, "/me", body=body)
            assert (status, b"signup" in text) == (413, False), shift
            assert ask(connection, "/health/live")[0] == 200, shift
    counted = parse(site.ask(route("GET", "/metrics")).text)["coatcheck_requests_total"].series
    answered = {
        path: sum(value for (_, labels), value in counted.items() if ("route", path) in labels)
        for path in ("/me", "/signup")
    }
    assert answered == {"/me": len(shifts), "/signup": 0}


def test_with_two_workers_and_many_kept_connections_everybody_is_served(deploy: Deploy) -> None:
    """libfcgi alone would serve two of the connections for ever, and nobody else."""
    site = deploy({"workers": 2})
    cookie = cookie_of(site, site.person())

    def visit(path: str) -> float:
        longest = 0.0
        with closing(browser(site)) as connection:
            for _ in range(50):
                start = time.monotonic()
                status = ask(connection, path, cookie=cookie)[0]
                longest = max(longest, time.monotonic() - start)
                assert status == 200, path
        return longest

    paths = ["/me"] * 24 + ["/dashboard"] * 8
    longest = at_once([lambda path=path: visit(path) for path in paths])
    # Far above what the slowest of them needs, and below any time limit of nginx or the program.
    assert max(longest) < 4, longest


def test_silent_kept_connections_hold_no_worker(deploy: Deploy) -> None:
    site = deploy({"workers": 2})
    live = begin(keep=True) + stream(PARAMS, encode(route("GET", "/health/live"))) + record(STDIN)
    kept = [fastcgi.Connection(site.socket) for _ in range(20)]
    for connection in kept:
        connection.send(live)
        assert fastcgi.parse(connection.receive()).status == 200
    start = time.monotonic()
    assert site.send("GET", "/me").status == 401
    assert time.monotonic() - start < 4
    for connection in kept:
        with connection:
            connection.send(live)
            assert fastcgi.parse(connection.receive()).status == 200
