"""SIGTERM and SIGINT: running requests are answered, and the process ends in time, with 0."""

from __future__ import annotations

import json
import os
import signal
import socket
import time

import pytest

from support import fastcgi
from support.deployment import Deploy, Deployment
from support.names import new_name
from support.service_manager import service_manager, wait_for
from support.waiting import wait_until

BOTH = pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda s: s.name)


def open_sockets(pid: int) -> set[str]:
    """The sockets that the process holds: a new one for each connection it has accepted."""
    found = set()
    for entry in os.scandir(f"/proc/{pid}/fd"):
        try:
            found.add(os.readlink(entry.path))
        except FileNotFoundError:
            continue
    return {link for link in found if link.startswith("socket:")}


def half_a_sign_up(deployment: Deployment) -> tuple[fastcgi.Connection, bytes]:
    """A request that the program has accepted and cannot finish yet, and the rest of its body."""
    account = {"username": new_name(), "password": deployment.secrets.password()}
    body = json.dumps(account).encode()
    before = open_sockets(deployment.process.pid)
    connection = fastcgi.Connection(deployment.socket)
    parameters = fastcgi.encode(fastcgi.route("POST", "/api/signup", body))
    connection.send(fastcgi.begin() + fastcgi.stream(fastcgi.PARAMS, parameters))
    connection.send(fastcgi.record(fastcgi.STDIN, body[:10]))
    wait_until(
        lambda: open_sockets(deployment.process.pid) - before, "the request to be accepted"
    )
    return connection, fastcgi.record(fastcgi.STDIN, body[10:]) + fastcgi.record(fastcgi.STDIN)


@BOTH
def test_an_idle_program_ends_at_once_with_status_0(
    deploy: Deploy, number: signal.Signals
) -> None:
    deployment = deploy({"stop.deadline": "60s"}, with_gateway=False)
    start = time.monotonic()
    assert deployment.process.stop(number) == 0
    assert time.monotonic() - start < 15


@BOTH
def test_running_requests_are_answered_before_the_end(
    deploy: Deploy, number: signal.Signals
) -> None:
    """Promise 8: what was accepted is finished."""
    deployment = deploy(with_gateway=False)
    with service_manager(deployment) as channel:
        running = [half_a_sign_up(deployment) for _ in range(3)]
        deployment.process.send_signal(number)
        wait_for(channel, "STOPPING=1")
    assert deployment.process.is_running, "it waits for what it has accepted"
    for connection, rest in running:
        with connection:
            connection.send(rest)
            answer = fastcgi.parse(connection.receive())
            assert answer.status == 201, str(answer)
            deployment.secrets.add((answer.session_cookie or "").split(";")[0].split("=")[1])
    assert deployment.process.wait() == 0


def test_a_request_that_never_finishes_holds_the_end_up_no_longer_than_the_deadline(
    deploy: Deploy,
) -> None:
    deployment = deploy({"stop.deadline": "1s"}, with_gateway=False)
    connection, _ = half_a_sign_up(deployment)
    with connection:
        start = time.monotonic()
        deployment.process.send_signal(signal.SIGTERM)
        deployment.process.wait(10)
        # Without the deadline it would be the 10 s in which a peer must send something.
        assert 0.5 < time.monotonic() - start < 9


def test_a_second_signal_while_stopping_does_no_harm(deploy: Deploy) -> None:
    deployment = deploy(with_gateway=False)
    with service_manager(deployment) as channel:
        connection, rest = half_a_sign_up(deployment)
        deployment.process.send_signal(signal.SIGTERM)
        wait_for(channel, "STOPPING=1")
    with connection:
        deployment.process.send_signal(signal.SIGTERM)
        connection.send(rest)
        answer = fastcgi.parse(connection.receive())
        assert answer.status == 201, str(answer)
    assert deployment.process.wait() == 0


def test_while_it_is_away_nginx_answers_and_lets_nobody_in(deploy: Deploy) -> None:
    """Closed, not open: 502 for our own routes, 500 for a guarded page."""
    deployment = deploy()
    person = deployment.person()
    assert deployment.process.stop() == 0
    assert person.client.get("/me").status in (502, 503)
    guarded = person.client.get("/dashboard")
    assert guarded.status == 500
    assert person.name not in guarded.text
    deployment.start()
    assert person.client.get("/dashboard").status == 200


def test_a_client_that_hangs_up_in_the_middle_does_no_harm(deploy: Deploy) -> None:
    deployment = deploy(with_gateway=False)
    body = b'{"username": "gone", "password": "tangerine-Lattice-41"}'
    parameters = fastcgi.stream(fastcgi.PARAMS, fastcgi.encode(fastcgi.route("POST", "/", body)))
    for length in range(20):
        part = fastcgi.begin() + parameters + fastcgi.record(fastcgi.STDIN, body[: length + 1])
        with fastcgi.Connection(deployment.socket) as connection:
            connection.send(part)
    assert deployment.ask(fastcgi.route("GET", "/health/ready")).status == 200
