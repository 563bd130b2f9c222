"""Restarts behind a socket that outlives the program, as systemd's does: no request is lost."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing

import pytest

from support.deployment import Deploy, Deployment
from support.program import clean_environment, serve_command
from support.waiting import wait_until
from support.wire import TLS


class Activated:
    """The program on a listening socket that is held here and handed to each new process."""

    def __init__(self, deployment: Deployment) -> None:
        self._settings = deployment.settings_file
        self._log = deployment.folder / "activated.log"
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(str(deployment.socket))
        self.listener.listen(4096)
        self.start()

    def start(self) -> None:
        """Starts a process with the socket as descriptor 3 (sd_listen_fds(3))."""
        held = self.listener.fileno()
        # The shell knows its own process id, which LISTEN_PID must be; exec keeps it.
        script = f'LISTEN_PID=$$ LISTEN_FDS=1 exec "$@" 3<&{held}'
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                ["bash", "-c", script, "bash", *serve_command(self._settings)],
                **{"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log},
                env=clean_environment(),
                pass_fds=[held],
            )

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ends the process."""
        self.process.send_signal(number)
        return self.process.wait(15)


@pytest.fixture
def site(deploy: Deploy) -> Deployment:
    """A site whose own process has ended."""
    deployment = deploy()
    assert deployment.process.stop() == 0
    deployment.socket.unlink()
    return deployment


@pytest.fixture
def activated(site: Deployment) -> Iterator[Activated]:
    """The program behind the site's nginx, on a socket of its own."""
    activated = Activated(site)
    try:
        yield activated
    finally:
        activated.process.kill()
        activated.process.wait()
        activated.listener.close()


def ask(connection: http.client.HTTPSConnection, method: str, path: str) -> int:
    """One request on a connection to nginx that stays open; the status."""
    connection.request(method, path)
    answer = connection.getresponse()
    answer.read()
    return answer.status


def browser(site: Deployment) -> http.client.HTTPSConnection:
    """A connection to nginx."""
    return http.client.HTTPSConnection("127.0.0.1", site.port, timeout=30, context=TLS)


@pytest.mark.parametrize("path", ["/me", "/dashboard"])
def test_what_nginx_sent_on_a_kept_connection_is_answered_by_the_next_process(
    site: Deployment, activated: Activated, path: str
) -> None:
    """The worst moment: the request is on its way to a process that will not read it."""
    visitors = [browser(site) for _ in range(8)]
    assert [ask(visitor, "GET", path) for visitor in visitors] == [401] * 8
    activated.process.send_signal(signal.SIGSTOP)
    os.waitpid(activated.process.pid, os.WUNTRACED)  # until the last thread has stopped
    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(ask, visitor, "GET", path) for visitor in visitors]
        # They stay unanswered as long as the process is stopped, so this always runs out.
        assert not wait(answers, timeout=0.5).done
        assert activated.stop(signal.SIGKILL) == -signal.SIGKILL
        activated.start()
        assert [answer.result(30) for answer in answers] == [401] * 8
    for visitor in visitors:
        visitor.close()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/me", 401), ("POST", "/api/logout", 204), ("GET", "/dashboard", 401)],
)
def test_restarts_under_load_lose_no_request(
    site: Deployment, activated: Activated, method: str, path: str, status: int
) -> None:
    """Promise 8, also for connections that nginx keeps."""
    is_over = threading.Event()
    answers: Counter[int] = Counter()

    def visit() -> Counter[int]:
        own: Counter[int] = Counter()
        with closing(browser(site)) as connection:
            while not is_over.is_set():
                own[ask(connection, method, path)] += 1
                answers.update([status])
        return own

    with ThreadPoolExecutor(16) as pool:
        visits = [pool.submit(visit) for _ in range(16)]
        try:
            for _ in range(6):
                seen = answers.total()
                wait_until(lambda: answers.total() > seen + 200, "visitors to be served")
                assert activated.stop() == 0
                activated.start()
        finally:
            is_over.set()
        total = sum((visit.result(30) for visit in visits), Counter())
    assert set(total) == {status}, total
