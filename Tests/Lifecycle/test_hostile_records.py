"""Records that nginx never sends: the program refuses or hangs up, and serves on.

The socket is the trust boundary; records that end libfcgi itself are not tried here.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator

import pytest

from support import fastcgi
from support.deployment import Deployment, Person
from support.fastcgi import (
    ABORT,
    BEGIN,
    PARAMS,
    STDIN,
    begin,
    check,
    encode,
    pair,
    record,
    route,
    stream,
)

HEALTH = stream(PARAMS, encode(route("GET", "/health/live")))
SIGN_UP = encode(route("POST", "/api/signup", b"x" * 20))


@pytest.fixture(scope="module")
def target(tools: None) -> Iterator[Deployment]:
    """A server that these tests may trouble."""
    with Deployment() as deployment:
        yield deployment


HOSTILE = {
    "nothing": b"",
    "one byte": b"\x01",
    "half a header": begin()[:5],
    "text": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "zeros": bytes(4096),
    "ones": b"\xff" * 4096,
    "version 0": record(BEGIN, bytes(8), version=0),
    "version 2": record(BEGIN, struct.pack(">HB5x", 1, 0), version=2) + HEALTH + record(STDIN),
    "an unknown role": begin(role=9) + HEALTH + record(STDIN),
    "role 0": begin(role=0) + HEALTH + record(STDIN),
    "a short begin": record(BEGIN, b"\x00\x01"),
    "an empty begin": record(BEGIN),
    "request id 0": begin(request_id=0) + HEALTH + record(STDIN),
    "parameters before begin": HEALTH + begin() + record(STDIN),
    "a body before the parameters": begin() + stream(STDIN, b"x") + HEALTH,
    "begin and nothing": begin(),
    "begin and an abort": begin() + record(ABORT),
    "an abort in the parameters": begin() + record(PARAMS, SIGN_UP[:40]) + record(ABORT),
    "an abort in the body": begin() + stream(PARAMS, SIGN_UP) + record(STDIN, b"x") + record(ABORT),
    "two begins": begin() + begin(request_id=2) + HEALTH + record(STDIN),
    "parameters of another request": begin() + record(PARAMS, SIGN_UP, request_id=7),
    "parameters cut in a pair": begin() + record(PARAMS, SIGN_UP[:37]),
    "parameters whose lengths lie": begin() + stream(PARAMS, b"\x7f\x7fab"),
    "a length of a megabyte": begin() + stream(PARAMS, struct.pack(">II", 1 << 31 | 1 << 20, 0)),
    "a record cut in its content": begin() + record(PARAMS, SIGN_UP)[:-9],
    "an unknown record type": begin() + record(77, b"what") + HEALTH + record(STDIN),
    "an unknown management record": record(77, b"what", request_id=0),
    "a stdout record from the client": begin() + record(fastcgi.STDOUT, b"hm") + HEALTH,
    "no end of the body": begin() + stream(PARAMS, SIGN_UP) + record(STDIN, b"{"),
    "less body than announced": begin() + stream(PARAMS, SIGN_UP) + stream(STDIN, b"{"),
    "more body than announced": begin() + stream(PARAMS, SIGN_UP) + stream(STDIN, b"{" * 5000),
    "twenty thousand parameters": begin()
    + stream(PARAMS, encode([(f"P{i}", "x") for i in range(20_000)]))
    + record(STDIN),
    "a parameter of 300 KB": begin() + stream(PARAMS, pair("A", "x" * 300_000)) + record(STDIN),
    "a nameless parameter": begin() + stream(PARAMS, pair("", "x") * 50) + record(STDIN),
    "no parameters at all": begin() + record(PARAMS) + record(STDIN),
}


def assert_well(target: Deployment) -> None:
    """The server serves, and it is the same process."""
    assert target.process.is_running
    assert target.ask(route("GET", "/health/ready")).status == 200


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_record_leaves_the_server_serving(target: Deployment, case: str) -> None:
    output = fastcgi.exchange(target.socket, HOSTILE[case])
    if output:
        fastcgi.parse(output)
    assert_well(target)


def test_random_bytes_and_mutated_requests_leave_the_server_serving(target: Deployment) -> None:
    """The seed is fixed, so a failure can be looked at again."""
    chance = random.Random(20_240_613)
    parameters = encode(route("POST", "/api/login", b"{}"))
    good = begin() + stream(PARAMS, parameters) + stream(STDIN, b"{}")
    for _ in range(300):
        octets = bytearray(good)
        for _ in range(chance.randrange(1, 4)):
            # Past the first record, and never the high byte of a four-byte length.
            octets[chance.randrange(16, len(octets))] = chance.randrange(0, 128)
        del octets[chance.randrange(24, len(octets) + 1) :]
        output = fastcgi.exchange(target.socket, bytes(octets))
        if output:
            fastcgi.parse(output)
    assert_well(target)


def test_a_check_whose_parameters_are_cut_is_never_let_in(target: Deployment) -> None:
    """Cut at any pair boundary and anywhere else: no answer but a refusal (default deny)."""
    person: Person = target.person()
    parameters = encode(check("user", person.client.ticket_cookie))
    whole = begin() + stream(PARAMS, parameters) + record(STDIN)
    assert fastcgi.parse(fastcgi.exchange(target.socket, whole)).status == 204
    for length in range(len(parameters)):
        cut = begin() + (record(PARAMS, parameters[:length]) if length else b"")
        output = fastcgi.exchange(target.socket, cut)
        if output:
            answer = fastcgi.parse(output)
            assert answer.status >= 400, f"cut at {length}: {answer}"
            assert answer.header("X-Auth-User") is None
    assert_well(target)


@pytest.mark.parametrize("left_out", ["COATCHECK_POLICY", "HTTP_COOKIE", "REQUEST_METHOD", "HTTPS"])
def test_a_check_without_a_parameter_is_never_let_in(target: Deployment, left_out: str) -> None:
    person = target.person()
    parameters = [p for p in check("user", person.client.ticket_cookie) if p[0] != left_out]
    answer = target.ask(parameters)
    if left_out in ("COATCHECK_POLICY", "HTTP_COOKIE"):
        assert answer.status >= 400, str(answer)
        assert answer.header("X-Auth-User") is None
    assert_well(target)


@pytest.mark.parametrize("mode", ["nonsense", "Check", "check ", "check,login"])
def test_an_unknown_mode_is_refused(target: Deployment, mode: str) -> None:
    person = target.person()
    answer = target.ask(check("user", person.client.ticket_cookie, COATCHECK_MODE=mode))
    assert answer.status not in (200, 204), str(answer)
    assert answer.header("X-Auth-User") is None


@pytest.mark.parametrize("name", ["HTTP_COOKIE", "COATCHECK_POLICY", "COATCHECK_MODE"])
def test_a_parameter_that_stands_there_twice_lets_nobody_in(target: Deployment, name: str) -> None:
    """nginx's allow-list never repeats one, so two meanings are a refusal or the first one's."""
    person = target.person()
    bad = {"HTTP_COOKIE": "", "COATCHECK_POLICY": "admin", "COATCHECK_MODE": "nonsense"}[name]
    good = check("user", person.client.ticket_cookie)
    answer = target.ask([(name, bad), *good])
    assert answer.status >= 400, str(answer)
    assert answer.header("X-Auth-User") is None


@pytest.mark.parametrize("length", ["-1", "abc", "1e3", "99999999999999999999", "0x10", " 2", "+2"])
def test_a_content_length_that_is_no_number_is_refused(target: Deployment, length: str) -> None:
    body = b"{}"
    answer = target.ask(route("POST", "/api/login", body, CONTENT_LENGTH=length), body)
    assert answer.status in (400, 413), str(answer)


def test_a_body_that_is_shorter_than_announced_is_400(target: Deployment) -> None:
    body = b'{"username":"half","password":"tangerine-Lattice-41"}'
    parameters = route("POST", "/api/signup", body, CONTENT_LENGTH=str(len(body) + 1))
    assert target.ask(parameters, body).status == 400
    login = target.ask(route("POST", "/api/login", body), body)
    assert login.status == 401, "no account was made of it"


def test_a_body_over_the_limit_is_read_to_its_end_and_answered_413(target: Deployment) -> None:
    body = b" " * 2_000_000
    answer = target.ask(route("POST", "/api/login", body), body)
    assert answer.status == 413, str(answer)


@pytest.mark.parametrize("value", [b"\xff\xfe", b"a\x00b", b"\xed\xa0\x80"])
@pytest.mark.parametrize(
    "name", ["DOCUMENT_URI", "QUERY_STRING", "HTTP_COOKIE", "HTTP_USER_AGENT", "REQUEST_URI"]
)
def test_values_that_are_no_text_are_an_error_of_the_client(
    target: Deployment, name: str, value: bytes
) -> None:
    parameters = [(n, v) for n, v in route("GET", "/me") if n != name]
    answer = target.ask([*parameters, (name, value)])
    assert 400 <= answer.status < 500, str(answer)
    assert_well(target)


def test_a_connection_that_is_to_be_kept_carries_one_request_after_the_other(
    target: Deployment,
) -> None:
    with fastcgi.Connection(target.socket) as connection:
        for _ in range(20):
            connection.send(begin(keep=True) + HEALTH + record(STDIN))
            assert fastcgi.parse(connection.receive()).status == 200
    assert_well(target)


def test_more_silent_connections_than_workers_do_not_stop_the_service(target: Deployment) -> None:
    """Somebody connects, says nothing and leaves: the workers are free again afterwards."""
    silent = [fastcgi.Connection(target.socket) for _ in range(40)]
    for connection in silent:
        connection.socket.close()
    assert_well(target)
