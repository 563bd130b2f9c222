"""The service manager hears that the program is well while it is, and nothing while it is not."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import time
from contextlib import ExitStack, suppress

import pytest

from support import fastcgi
from support.deployment import Deploy
from support.locking import locked
from support.names import new_name
from support.program import binary, clean_environment, is_ready
from support.service_manager import next_message, service_manager
from support.waiting import wait_until

# What WatchdogSec= becomes in the environment, in microseconds; the program tells three times in it.
WATCHDOG = {"WATCHDOG_USEC": "2000000"}


def test_it_says_that_it_is_well_as_often_as_asked(deploy: Deploy) -> None:
    deployment = deploy(with_gateway=False)
    with service_manager(deployment, **WATCHDOG) as channel:
        assert "READY=1" in next_message(channel)
        # The start may have taken long enough for some to lie there.
        channel.setblocking(False)
        with suppress(BlockingIOError):
            while True:
                next_message(channel)
        channel.settimeout(10)
        next_message(channel)
        start = time.monotonic()
        for _ in range(3):
            assert next_message(channel) == ["WATCHDOG=1", "STATUS=Answering requests"]
        assert 1 < time.monotonic() - start < 10


@pytest.mark.parametrize(
    "environment", [{}, {"WATCHDOG_USEC": "0"}, WATCHDOG | {"WATCHDOG_PID": "1"}]
)
def test_it_says_nothing_when_nobody_asked_for_it(
    deploy: Deploy, environment: dict[str, str]
) -> None:
    deployment = deploy(with_gateway=False)
    with service_manager(deployment, **environment) as channel:
        assert "READY=1" in next_message(channel)
        channel.settimeout(2.5)
        with pytest.raises(TimeoutError):
            next_message(channel)


def test_it_says_nothing_while_requests_wait_and_no_worker_moves(deploy: Deploy) -> None:
    deployment = deploy({"workers": 2, "password.queue": 1}, with_gateway=False)
    with service_manager(deployment, **WATCHDOG) as channel:
        assert "READY=1" in next_message(channel)
        stalled = ["STATUS=Stalled: requests wait and no worker moves"]
        with ExitStack() as stuck:
            # Half a request each: a worker waits ten seconds for the rest.
            for _ in range(2):
                connection = stuck.enter_context(fastcgi.Connection(deployment.socket))
                connection.send(fastcgi.begin())
            stuck.enter_context(fastcgi.Connection(deployment.socket))
            wait_until(lambda: next_message(channel) == stalled, "the stall to be told")
        assert is_ready(deployment.socket)
        wait_until(lambda: "WATCHDOG=1" in next_message(channel), "the workers to be well")
    assert "workers_stalled" in deployment.log.read_text()


def test_reloads_do_not_keep_it_from_saying_that_it_is_well(deploy: Deploy) -> None:
    deployment = deploy(with_gateway=False)
    with service_manager(deployment, **WATCHDOG) as channel:
        assert "READY=1" in next_message(channel)
        channel.settimeout(0.2)
        heard: list[str] = []
        start = time.monotonic()
        while "WATCHDOG=1" not in heard and time.monotonic() - start < 4:
            deployment.process.send_signal(signal.SIGHUP)
            with suppress(TimeoutError):
                heard = next_message(channel)
        assert "WATCHDOG=1" in heard, "nothing was said for twice the limit"
    deployment.process.was_told_to_end = False


def test_storage_that_fails_stands_in_the_status(deploy: Deploy) -> None:
    deployment = deploy(with_gateway=False)
    with service_manager(deployment, **WATCHDOG) as channel:
        account = {"username": new_name(), "password": deployment.secrets.password()}
        body = json.dumps(account).encode()
        with locked(deployment.database):
            answer = fastcgi.request(
                deployment.socket, fastcgi.route("POST", "/api/signup", body), body
            )
        assert answer.status == 503
        wait_until(
            lambda: any("STATUS=Storage fails: locked" in x for x in next_message(channel)),
            "the status to say so",
        )
        wait_until(
            lambda: "STATUS=Answering requests" in next_message(channel), "the status to be well"
        )


def test_a_program_whose_socket_breaks_ends_and_says_why(deploy: Deploy) -> None:
    """Somebody who holds the same socket has shut it down: nobody can be served any more."""
    deployment = deploy(with_gateway=False)
    assert deployment.process.stop() == 0
    path = deployment.folder / "handed.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as handed:
        handed.bind(str(path))
        handed.listen(16)
        # The shell gives its own process id to the program, as systemd does.
        script = f'exec 3<&{handed.fileno()}; LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" "$@"'
        command = ["bash", "-c", script, binary(), "serve", "--config", deployment.settings_file]
        with subprocess.Popen(
            command,
            pass_fds=[handed.fileno()],
            env=clean_environment(),
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                wait_until(lambda: is_ready(path), "the program to be ready")
                handed.shutdown(socket.SHUT_RDWR)
                _, errors = process.communicate(timeout=15)
            finally:
                process.kill()
    assert process.returncode == 1
    assert errors.count("accept_failed") == 1 and "fatal=true" in errors
    assert "the listening socket is broken" in errors
