"""The balancers of the example of two machines (deploy/two-machines), with its nginx behind them."""

from __future__ import annotations

import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest

from support.curl import HTML
from support.deployment import Deploy, Deployment
from support.example import EXAMPLE, Example
from support.names import new_name
from support.waiting import wait_until

# A health check that fails is repeated after half a second, and each may take two.
LONGEST_NOTICE = 10.0

Begin = Callable[..., Example]


@pytest.fixture
def begin(tools: None) -> Iterator[Begin]:
    """Starts the example before some deployments; it ends with the test."""
    with ExitStack() as stack:

        def start(balancer: str, *sites: Deployment) -> Example:
            example = stack.enter_context(Example([site.socket for site in sites]))
            example.start(balancer)
            return example

        yield start


@pytest.mark.parametrize("balancer", ["haproxy", "nginx"])
def test_coatcheck_sees_who_comes_and_not_who_they_say_they_are(
    site: Deployment, begin: Begin, balancer: str
) -> None:
    """ASVS 4.1.3: an X-Forwarded-For of the visitor's own says nothing."""
    example = begin(balancer, site, site)
    client, password = example.client(), site.secrets.password()
    claim = {"X-Forwarded-For": "203.0.113.9", "Origin": client.base}
    answer = client.post_json("/signup", {"username": new_name(), "password": password}, claim)
    assert answer.status == 201, str(answer)
    assert str(answer.session_cookie).startswith("__Host-session="), "nobody changed the cookie"
    (session,) = client.get("/sessions", claim).json()
    assert session["ip"] == client.source


@pytest.mark.parametrize("balancer", ["haproxy", "nginx"])
def test_a_request_from_another_site_is_refused_behind_a_balancer(
    site: Deployment, begin: Begin, balancer: str
) -> None:
    """The Host that is compared with Origin is the one that the browser wrote."""
    client = begin(balancer, site, site).client()
    answer = client.post_json("/login", {}, {"Origin": "https://other.example"})
    assert answer.status == 403, str(answer)


def wait_for_health(example: Example, *states: str) -> None:
    """Waits until HAProxy takes the machines for what they are: UP or DOWN."""

    def seen() -> list[str]:
        rows = [line.split(",") for line in example.tell("show stat").splitlines()]
        (header, *others) = rows
        place = header.index("status")
        return [row[place] for row in others if row[:2] in (["machines", "one"], ["machines", "two"])]

    wait_until(lambda: seen() == list(states), f"HAProxy to see {states}", timeout=LONGEST_NOTICE)


def test_haproxy_takes_a_machine_out_that_is_not_ready_and_back(
    deploy: Deploy, begin: Begin
) -> None:
    """While Coatcheck is away its nginx still answers, with 503."""
    sites = [deploy(with_gateway=False) for _ in range(2)]
    example = begin("haproxy", *sites)
    client = example.client()
    for states, stopped, started in ((("UP", "DOWN"), 1, None), (("DOWN", "UP"), 0, 1)):
        if started is not None:
            sites[started].start()
            wait_for_health(example, "UP", "UP")
        assert sites[stopped].process.stop() == 0
        wait_for_health(example, *states)
        assert {client.get("/login", HTML).status for _ in range(8)} == {200}


def test_while_no_machine_is_ready_nginx_still_says_so(deploy: Deploy, begin: Begin) -> None:
    """Guarded places are closed by an answer, and not by silence."""
    sites = [deploy(with_gateway=False) for _ in range(2)]
    example = begin("haproxy", *sites)
    client = example.client()
    for site in sites:
        assert site.process.stop() == 0
    wait_for_health(example, "DOWN", "DOWN")
    assert {client.get("/login", HTML).status for _ in range(4)} == {503}
    assert {client.get("/wiki/", HTML).status for _ in range(4)} == {500}


def test_a_machine_that_is_drained_gets_nothing_new(site: Deployment, begin: Begin) -> None:
    """The commands of the README."""
    example = begin("haproxy", site, site)
    client = example.client()
    logs = [machine.prefix / "logs/access.log" for machine in example.machines]
    blocks = (EXAMPLE / "README.md").read_text()
    for name, others in (("drain", 0), ("ready", 4)):
        (command,) = re.findall(rf'echo "(set server machines/one state {name})" ', blocks)
        assert example.tell(command).strip() == ""
        before = [log.read_text().count("/login") for log in logs]
        for _ in range(8):
            assert client.get("/login").status == 200


        def served() -> list[int]:
            counts = [log.read_text().count("/login") for log in logs]
            return [count - start for count, start in zip(counts, before)]

        # nginx writes the line after the answer.
        wait_until(lambda: sum(served()) == 8, "the requests to be logged")
        assert served()[0] == others


def test_the_port_of_the_health_check_answers_one_path(site: Deployment, begin: Begin) -> None:
    example = begin("haproxy", site, site)
    client = example.client()
    client.base = f"http://127.0.0.1:{example.health[0]}"
    client.source = "127.0.0.1"
    assert client.get("/health/ready").status == 200
    for path in ("/metrics", "/login", "/health/live", "/_coatcheck/user", "/"):
        assert client.get(path).status == 404, path
    client.source = "127.0.0.9"
    assert client.get("/health/ready").status == 403, "not for who is not the balancer"


@contextmanager
def machine_that_hangs_up(example: Example) -> Iterator[tuple[int, list[bytes]]]:
    """A machine that takes requests and answers none: its port, and the lines of the requests."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*example.files)
    seen: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                    with context.wrap_socket(connection, server_side=True) as channel:
                        seen.append(channel.recv(65536).split(b"\r\n")[0])
                except ssl.SSLError:
                    continue
                except OSError:
                    return

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1], seen
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(15)


@pytest.mark.parametrize(("method", "times"), [("GET", 2), ("POST", 1)])
def test_nginx_sends_a_post_to_one_machine_only(
    tools: None, method: str, times: int
) -> None:
    """Whatever becomes of it there: only what is safe to repeat goes to the other one too."""
    with Example([]) as example, machine_that_hangs_up(example) as (port, seen):
        example.balance("nginx", [port, port])
        assert example.client().request(method, "/login").status == 502
    assert seen == [f"{method} /login HTTP/1.1".encode()] * times
