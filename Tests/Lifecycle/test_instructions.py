"""What a request costs, held to Tests/Benchmarks/budgets.toml, and that the counting is right."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from support import fastcgi, wire
from support.gateway import Gateway, free_port

BENCHMARKS = Path(__file__).resolve().parents[1] / "Benchmarks"
sys.path.insert(0, str(BENCHMARKS))
import counting  # noqa: E402
import instructions  # noqa: E402
import parameters  # noqa: E402


def test_requests_stay_within_their_budgets() -> None:
    command = [sys.executable, BENCHMARKS / "instructions.py"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=900)
    print(result.stdout)
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr


BUDGETS = {
    "above": 0.03,
    "below": 0.10,
    "cases": {case: {"instructions": 6000, "calls": 8} for case in instructions.CASES},
}


@pytest.mark.parametrize(
    ("reached", "over", "under"),
    [
        ({"instructions": 6180, "calls": 8}, 0, 0),
        ({"instructions": 6181, "calls": 8}, 1, 0),
        ({"instructions": 6000, "calls": 9}, 1, 0),
        ({"instructions": 5400, "calls": 8}, 0, 0),
        ({"instructions": 5399, "calls": 7}, 0, 2),
    ],
)
def test_a_budget_is_exceeded_by_more_than_its_tolerance(
    reached: dict[str, int], over: int, under: int
) -> None:
    fine = {case: {"instructions": 6000, "calls": 8} for case in instructions.CASES}
    found = instructions.compare(fine | {"hit": reached}, BUDGETS)
    assert [len(lines) for lines in found] == [over, under]
    assert all("hit: " in line for lines in found for line in lines)


def test_costs_are_each_functions_own() -> None:
    """A file in the form that callgrind's manual describes, with compressed names."""
    text = """fn=(1) main
ob=(1) /lib/libone.so.1
16 400
cob=(2) /lib/libc.so.6
cfn=(2) malloc
calls=3 50
16 900
+1 100
cfn=(3) 0x0000000000001234
calls=1 60
* 20
fn=(3)
* 20
ob=(2)
fn=(2)
51 900
"""
    assert counting.costs(text) == (
        {
            "libone.so.1:main": 500,
            "libone.so.1:main>0x0000000000001234": 20,
            "libc.so.6:malloc": 900,
        },
        3,
    )


@pytest.mark.parametrize("path", ["/dashboard", "/me"])
def test_the_parameters_counted_are_those_that_nginx_sends(
    tools: None, tmp_path: Path, path: str
) -> None:
    cookie = "__Host-session=" + "A" * 43
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        listener.settimeout(15)
        gateway = Gateway(tmp_path / "nginx", free_port(), tmp_path / "s")
        try:
            gateway.start()
            request = (
                f"GET {path} HTTP/1.1\r\nHost: example.org\r\nCookie: {cookie}\r\n"
                "Connection: close\r\n\r\n"
            )
            wire.raw(gateway.port, request.encode(), finish=True)
            connection, _ = listener.accept()
            with connection:
                sent = connection.recv(65536)
        finally:
            gateway.stop()
            gateway.kill_group()
    if path == "/me":
        # Their values differ: an address, an id, headers that this client does not send.
        expected = [name for name, _ in parameters.of_route(path, cookie)]
        assert [name for name, _ in pairs(sent)] == expected
    else:
        assert pairs(sent) == parameters.of_check(cookie)


def pairs(octets: bytes) -> fastcgi.Parameters:
    """The parameters in the first records of a connection; names and values below 128 bytes."""
    length = int.from_bytes(octets[20:22], "big")
    content, found = octets[24 : 24 + length], []
    while content:
        name, value = content[0] + 2, content[0] + 2 + content[1]
        found.append((content[2:name].decode(), content[name:value].decode()))
        content = content[value:]
    return found
