"""What tests of several machines stand on: servers that surely end, and a network that fails."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time

import pytest

from support.gateway import free_port
from support.postgresql_server import PostgreSQL
from support.program import ROOT
from support.proxy import Proxy
from support.redis_server import Redis, Sentinel
from support.waiting import wait_until

WRAPPER = [sys.executable, str(ROOT / "Tests/support/engines.py"), "--"]
SHOW = 'echo "$COATCHECK_TEST_POSTGRESQL $COATCHECK_TEST_REDIS"; '


def ports(line: str) -> list[int]:
    """The ports of the two addresses in a line."""
    return [int(url.rpartition("@")[2].partition("/")[0].split(":")[1]) for url in line.split()]


def is_open(port: int) -> bool:
    """Whether something listens."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_wrapped_command_has_both_engines_and_its_status_counts() -> None:
    script = SHOW + 'psql -XAt "$COATCHECK_TEST_POSTGRESQL" -c "SELECT 1" || exit 9; exit 7'
    result = subprocess.run([*WRAPPER, "sh", "-c", script], capture_output=True, text=True)
    assert result.returncode == 7, result.stderr
    addresses, *rest = result.stdout.splitlines()
    assert rest == ["1"]
    assert [is_open(port) for port in ports(addresses)] == [False, False]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_of_a_wrapped_command_that_is_told_to_end(number: signal.Signals) -> None:
    script = SHOW + f"exec {sys.executable} -c 'import time; time.sleep(60); print(\"still here\")'"
    with subprocess.Popen([*WRAPPER, "sh", "-c", script], stdout=subprocess.PIPE) as wrapper:
        assert wrapper.stdout is not None
        addresses = wrapper.stdout.readline().decode()
        assert [is_open(port) for port in ports(addresses)] == [True, True]
        wrapper.send_signal(number)
        # The command holds the other end: it has gone as well.
        assert wrapper.stdout.read() == b""
    for port in ports(addresses):
        wait_until(lambda port=port: not is_open(port), "a server to end")


def test_a_frozen_postgresql_answers_nothing_and_goes_on_afterwards() -> None:
    with PostgreSQL() as server:
        query = ["psql", "-XAt", server.url(server.new_database()), "-c", "SELECT 1"]
        server.freeze()
        with pytest.raises(subprocess.TimeoutExpired):
            subprocess.run(query, capture_output=True, timeout=0.5)
        server.resume()
        assert subprocess.run(query, capture_output=True, timeout=10).stdout == b"1\n"


def test_a_killed_postgresql_has_what_it_acknowledged_and_a_standby_takes_its_place() -> None:
    with PostgreSQL() as server:
        name = server.new_database()
        server.sql("CREATE TABLE things (x int); INSERT INTO things VALUES (1)", name)
        server.kill()
        server.start()
        with server.standby(synchronous=True) as standby:
            server.sql("INSERT INTO things VALUES (2)", name)
            with pytest.raises(AssertionError, match="read-only"):
                standby.sql("INSERT INTO things VALUES (3)", name)
            server.kill()
            standby.promote()
            standby.sql("INSERT INTO things VALUES (4)", name)
            assert standby.sql("SELECT x FROM things ORDER BY x", name) == "1\n2\n4\n"


def test_a_redis_comes_back_with_what_it_had_or_empty() -> None:
    with Redis(durable=True) as server:
        server.do("SET", "thing", "1")
        server.kill()
        server.start()
        assert server.do("GET", "thing") == "1"
        server.restart_empty()
        assert server.do("GET", "thing") == ""


def test_a_sentinel_puts_a_replica_in_the_place_of_a_dead_redis() -> None:
    with Redis() as server, server.replica() as replica, Sentinel(server) as sentinel:
        wait_until(
            lambda: replica.is_following and sentinel.replicas == 1, "the replica", timeout=60
        )
        server.kill()
        # A failover that came to nothing is tried again after 6 s.
        wait_until(
            lambda: sentinel.primary_port == replica.port, "the sentinel to act", timeout=60
        )
        wait_until(
            lambda: replica.do("ROLE").startswith("master"), "a new primary", timeout=60
        )


class Echo:
    """One connection through a proxy to a Redis, which says each word that it is sent."""

    def __init__(self, port: int, password: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=0.5)
        self._socket.sendall(f"AUTH {password}\r\n".encode())
        self._asked = 0
        self._came = b""

    def __enter__(self) -> Echo:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def ask(self) -> float:
        """The seconds that an answer took; what goes wrong is an `OSError`.

        Answers to earlier questions, which nobody waited for, may come before it.
        """
        self._asked += 1
        start = time.monotonic()
        self._socket.sendall(b"PING <%d>\r\n" % self._asked)
        while b"<%d>\r\n" % self._asked not in self._came:
            if not (piece := self._socket.recv(1000)):
                raise ConnectionResetError
            self._came += piece
        return time.monotonic() - start


def test_a_proxy_is_slow_stalls_falls_silent_and_breaks_as_it_is_told() -> None:
    with Redis() as server, Proxy(server.port, free_port()) as proxy:
        with Echo(proxy.port, server.password) as echo:
            assert min(echo.ask() for _ in range(10)) < 0.03
            proxy.pass_on(delay=0.03)
            assert echo.ask() >= 0.06
            proxy.stall()
            with pytest.raises(TimeoutError):
                echo.ask()
            proxy.pass_on()
            echo.ask()
            proxy.silence()
            with pytest.raises(TimeoutError):
                echo.ask()
        with Echo(proxy.port, server.password) as echo:
            echo.ask()
            proxy.drop()
            with pytest.raises(ConnectionResetError):
                echo.ask()
            with pytest.raises(ConnectionRefusedError):
                Echo(proxy.port, server.password)
            proxy.pass_on()
        with Echo(proxy.port, server.password) as echo:
            echo.ask()
