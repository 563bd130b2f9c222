"""Bad input of every kind: 400, 413 or 415 with a problem that names the field, never 5xx.

Promise 9: a clear error or a refusal; nothing crashes, hangs or is half written.
"""

from __future__ import annotations

import gzip
import json
import sqlite3
import statistics
import time

import pytest

from support import wire
from support.checks import assert_issue, assert_problem
from support.curl import HTML
from support.deployment import Deployment, Person
from support.names import new_name, new_source
from support.response import Response
from support.waiting import wait_until

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
GOOD = "tangerine-Lattice-41"
LIMIT = 64 * 1024


def post(site: Deployment, path: str, body: bytes, kind: str, **more: str) -> Response:
    """POST of bytes as they are."""
    headers = {"Content-Type": kind, "Accept": JSON} | more
    return site.send("POST", path, headers=headers, body=body, source=new_source())


JSON_BODIES = {
    "empty": (b"", ""),
    "cut off": (b'{"username": "a', ""),
    "no JSON": (b"username=anna", ""),
    "an array": (b"[]", ""),
    "a string": (b'"anna"', ""),
    "null": (b"null", ""),
    "a number": (b"1", ""),
    "something behind": (b'{"username":"anna","password":"%s"}{}' % GOOD.encode(), ""),
    "trailing comma": (b'{"username":"anna","password":"%s",}' % GOOD.encode(), ""),
    "single quotes": (b"{'username':'anna'}", ""),
    "UTF-16": (('{"username":"anna","password":"%s"}' % GOOD).encode("utf-16"), ""),
    "byte order mark": (b'\xef\xbb\xbf{"username":"anna","password":"%s"}' % GOOD.encode(), ""),
    "invalid UTF-8": (b'{"username":"an\xff\xfena","password":"%s"}' % GOOD.encode(), "username"),
    "overlong UTF-8": (b'{"username":"\xc0\xafanna","password":"x"}', "username"),
    "lone surrogate": (b'{"username":"\\ud800","password":"%s"}' % GOOD.encode(), "username"),
    "raw control character": (b'{"username":"a\nb","password":"x"}', "username"),
    "deep nesting": (b'{"username":' + b"[" * 20000, "username"),
    "number beyond all bounds": (b'{"username":"anna","password":1e400}', "password"),
    "username a number": (b'{"username":7,"password":"%s"}' % GOOD.encode(), "username"),
    "username an object": (b'{"username":{"a":1},"password":"%s"}' % GOOD.encode(), "username"),
    "username null": (b'{"username":null,"password":"%s"}' % GOOD.encode(), "username"),
    "password an array": (b'{"username":"anna","password":["%s"]}' % GOOD.encode(), "password"),
    "password true": (b'{"username":"anna","password":true}', "password"),
    "no username": (b'{"password":"%s"}' % GOOD.encode(), "username"),
    "no password": (b'{"username":"anna"}', "password"),
    "nothing at all": (b"{}", "username"),
    "username twice": (
        b'{"username":"anna","username":"bert","password":"%s"}' % GOOD.encode(),
        "username",
    ),
    "password twice": (b'{"username":"anna","password":"a","password":"b"}', "password"),
    "NUL in the username": (
        b'{"username":"anna\\u0000x","password":"%s"}' % GOOD.encode(),
        "username",
    ),
    "NUL in the password": (b'{"username":"anna","password":"secret\\u0000word"}', "password"),
}


@pytest.mark.parametrize("path", ["/signup", "/login", "/api/signup", "/api/login"])
@pytest.mark.parametrize("case", JSON_BODIES)
def test_json_that_cannot_be_used_is_400_and_names_the_field(
    site: Deployment, path: str, case: str
) -> None:
    """Truncated, duplicated, wrongly typed, wrongly encoded (ASVS 15.3.7 for the duplicates)."""
    body, field = JSON_BODIES[case]
    answer = post(site, path, body, JSON)
    assert_issue(answer, field or None)
    assert answer.header("Set-Cookie") is None


FORM_BODIES = {
    "empty": (b"", "username"),
    "no username": (b"password=" + GOOD.encode(), "username"),
    "no password": (b"username=anna", "password"),
    "username twice": (b"username=anna&username=bert&password=" + GOOD.encode(), "username"),
    "password twice": (b"username=anna&password=a&password=b", "password"),
    "next twice": (b"username=anna&password=tangerine-41&next=/a&next=/b", "next"),
    "broken escape": (b"username=an%zzna&password=" + GOOD.encode(), "username"),
    "escape cut off": (b"username=anna&password=tangerine%4", "password"),
    "invalid UTF-8": (b"username=an%ffna&password=" + GOOD.encode(), "username"),
    "raw invalid UTF-8": (b"username=an\xff\xfena&password=" + GOOD.encode(), "username"),
    "NUL": (b"username=anna%00&password=" + GOOD.encode(), "username"),
    "a thousand fields": (b"&".join(b"f%d=1" % i for i in range(1000)), None),
    "remember is a novel": (b"username=anna&password=tangerine-41&remember=perhaps", "remember"),
}


@pytest.mark.parametrize("path", ["/signup", "/login"])
@pytest.mark.parametrize("case", FORM_BODIES)
def test_a_form_that_cannot_be_used_is_400_and_names_the_field(
    site: Deployment, path: str, case: str
) -> None:
    if path == "/signup" and case == "remember is a novel":
        path = "/login"
    body, field = FORM_BODIES[case]
    answer = post(site, path, body, FORM)
    assert_issue(answer, field)
    assert answer.header("Set-Cookie") is None


@pytest.mark.parametrize("case", FORM_BODIES)
def test_a_browser_gets_a_page_for_a_form_that_cannot_be_used(site: Deployment, case: str) -> None:
    body, _ = FORM_BODIES[case]
    answer = post(site, "/login", body, FORM, Accept="text/html")
    assert answer.status in (400, 401), str(answer)
    assert answer.header("Content-Type") == "text/html; charset=utf-8"


NAMES = {
    "empty": "",
    "spaces": "   ",
    "too long": "n" * 300,
    "far too long": "n" * 20000,
    "line break": "anna\r\nSet-Cookie: session=evil",
    "tab": "an\tna",
    "escape": "an\x1b[31mna",
    "right-to-left override": "anna\u202egpj",
    "zero width space": "an\u200bna",
    "byte order mark": "\ufeffanna",
    "delete": "anna\x7f",
    "line separator": "anna\u2028x",
}


@pytest.mark.parametrize("case", NAMES)
def test_a_forbidden_name_is_400_and_names_the_field(site: Deployment, case: str) -> None:
    body = json.dumps({"username": NAMES[case], "password": GOOD}).encode()
    answer = post(site, "/signup", body, JSON)
    assert_issue(answer, "username")
    assert answer.header("Set-Cookie") is None


PASSWORDS = {
    "empty": "",
    "seven characters": "a7;Kqp2",
    "over 1024 bytes": "x1;Q" * 256 + "y",
    "common": "password1",
    "common in capitals": "PASSWORD1",
    "a row of digits": "1234567890",
}


@pytest.mark.parametrize("case", PASSWORDS)
def test_a_weak_or_endless_password_is_400_and_names_the_field(site: Deployment, case: str) -> None:
    """ASVS 6.2.1 and 6.2.4."""
    body = json.dumps({"username": new_name(), "password": PASSWORDS[case]}).encode()
    assert_issue(post(site, "/signup", body, JSON), "password")


def test_the_own_name_is_no_password(site: Deployment) -> None:
    """ASVS 6.1.2: context words."""
    name = new_name("longname")
    for password in (name, name.upper()):
        body = json.dumps({"username": name, "password": password}).encode()
        assert_issue(post(site, "/signup", body, JSON), "password")


@pytest.mark.parametrize("password", ["a7;Kqp2x", "q" + "w;7 Z" * 204 + "abc", "lettuce, a phrase"])
def test_passwords_at_the_bounds_are_taken(site: Deployment, password: str) -> None:
    """8 characters to 1024 bytes, and no rule of composition (ASVS 6.2.5)."""
    assert 8 <= len(password.encode()) <= 1024
    body = json.dumps({"username": new_name(), "password": password}).encode()
    assert post(site, "/signup", body, JSON).status == 201


@pytest.mark.parametrize(
    "kind",
    [
        "",
        "text/plain",
        "text/json",
        "multipart/form-data; boundary=x",
        "application/xml",
        "application/json; charset=utf-16",
        "application/json; charset=iso-8859-1",
        "application/json; charset=utf-8; charset=utf-8",
        "application/json, application/json",
        "application/json\tx",
        "nonsense",
        FORM + "; charset=windows-1252",
    ],
)
def test_another_type_is_415(site: Deployment, kind: str) -> None:
    body = json.dumps({"username": new_name(), "password": GOOD}).encode()
    for path in ("/api/signup", "/api/login"):
        assert_problem(post(site, path, body, kind), 415, "unsupported-media-type")


@pytest.mark.parametrize(
    "kind", ['application/json; charset="UTF-8"', "APPLICATION/JSON;charset=utf-8"]
)
def test_json_in_utf8_is_taken_however_it_is_written(site: Deployment, kind: str) -> None:
    body = json.dumps({"username": new_name(), "password": GOOD}).encode()
    assert post(site, "/signup", body, kind).status == 201


def test_a_compressed_body_is_not_guessed_at(site: Deployment) -> None:
    body = gzip.compress(json.dumps({"username": new_name(), "password": GOOD}).encode())
    answer = post(site, "/signup", body, JSON, **{"Content-Encoding": "gzip"})
    assert answer.status in (400, 415), str(answer)


def padded(size: int) -> bytes:
    """A good sign-up of exactly `size` bytes."""
    start = json.dumps({"username": new_name(), "password": GOOD}).encode()
    return start + b" " * (size - len(start))


@pytest.mark.parametrize("path", ["/signup", "/login", "/api/login", "/logout", "/api/signup"])
@pytest.mark.parametrize("size", [LIMIT + 1, 4 * LIMIT, 3_000_000])
def test_a_body_over_64_kib_is_413(site: Deployment, path: str, size: int) -> None:
    answer = post(site, path, padded(size), JSON)
    assert_problem(answer, 413, "body-too-large")


def test_a_body_of_64_kib_is_taken(site: Deployment) -> None:
    assert post(site, "/signup", padded(LIMIT), JSON).status == 201


def test_a_chunked_body_over_64_kib_is_413_too(site: Deployment) -> None:
    chunk = b"%x\r\n" % 8192 + b" " * 8192 + b"\r\n"
    head = (
        f"POST /signup HTTP/1.1\r\nHost: localhost\r\nContent-Type: {JSON}\r\n"
        "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    )
    answer = wire.raw(site.port, head.encode() + chunk * 9 + b"0\r\n\r\n")
    assert answer is not None
    assert answer.status == 413


def test_a_chunked_body_of_good_size_is_taken(site: Deployment) -> None:
    body = json.dumps({"username": new_name(), "password": GOOD}).encode()
    head = (
        f"POST /signup HTTP/1.1\r\nHost: localhost\r\nContent-Type: {JSON}\r\n"
        "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    )
    chunks = b"".join(b"1\r\n" + body[at : at + 1] + b"\r\n" for at in range(len(body)))
    answer = wire.raw(site.port, head.encode() + chunks + b"0\r\n\r\n")
    assert answer is not None
    assert answer.status == 201, str(answer)


def test_a_request_that_ends_in_the_middle_makes_no_account(site: Deployment) -> None:
    name = new_name()
    body = json.dumps({"username": name, "password": GOOD}).encode()
    head = (
        f"POST /signup HTTP/1.1\r\nHost: localhost\r\nContent-Type: {JSON}\r\n"
        f"Content-Length: {len(body) + 10}\r\nConnection: close\r\n\r\n"
    )
    wire.raw(site.port, head.encode() + body, finish=True)
    assert post(site, "/login", body, JSON).status == 401
    assert post(site, "/signup", body, JSON).status == 201


def test_a_refused_sign_up_leaves_nothing_behind(site: Deployment) -> None:
    """Never a half-made account: the name stays free, and no row was written."""
    name = new_name()
    for password in ("short", "password1", name):
        body = json.dumps({"username": name, "password": password}).encode()
        assert post(site, "/signup", body, JSON).status == 400
    with sqlite3.connect(site.database) as database:
        found = database.execute("SELECT count(*) FROM account_names WHERE key = ?", [name])
        assert found.fetchone() == (0,)
    body = json.dumps({"username": name, "password": GOOD}).encode()
    assert post(site, "/signup", body, JSON).status == 201


def without_ids(answer: Response) -> tuple[int, list[tuple[str, str]], bytes]:
    """An answer without what differs between any two requests."""
    changing = {"date", "x-request-id"}
    return answer.status, [h for h in answer.headers if h[0].lower() not in changing], answer.body


@pytest.mark.parametrize("path", ["/login", "/api/login"])
def test_wrong_password_and_unknown_name_get_the_same_bytes(
    site: Deployment, person: Person, path: str
) -> None:
    """Promise 6 (ASVS 6.3.8): nothing in the answer tells whether an account exists."""
    wrong = site.secrets.password()
    answers = []
    for name in (person.name, new_name(), "x", "n" * 300, "not\u200ballowed"):
        body = json.dumps({"username": name, "password": wrong}).encode()
        answers.append(post(site, path, body, JSON))
    assert_problem(answers[0], 401, "invalid-credentials")
    assert all(without_ids(answer) == without_ids(answers[0]) for answer in answers[1:])


def test_the_login_page_says_the_same_of_a_wrong_password_and_an_unknown_name(
    site: Deployment, person: Person
) -> None:
    pages = []
    for name in (person.name, new_name()):
        form = {"username": name, "password": site.secrets.password()}
        answer = site.client().post_form("/login", form, HTML)
        request_id = answer.header("X-Request-ID") or "no id in this answer"
        pages.append((answer.status, answer.text.replace(name, "NAME").replace(request_id, "ID")))
    assert pages[0] == pages[1]
    assert pages[0][0] == 401


def test_login_works_as_long_for_an_unknown_name_as_for_a_wrong_password(site: Deployment) -> None:
    """Promise 6: equal work. Without it the ratio would be a tenth; noise makes half of it."""
    times: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(15):
        # Another account each time: tries for one are throttled.
        person = site.person()
        for is_known, samples in times.items():
            name = person.name if is_known else new_name()
            body = json.dumps({"username": name, "password": GOOD}).encode()
            start = time.perf_counter()
            assert post(site, "/login", body, JSON).status == 401
            samples.append(time.perf_counter() - start)
    known, unknown = (statistics.median(samples) for samples in times.values())
    assert 0.5 < unknown / known < 2, f"known {known:.4f} s, unknown {unknown:.4f} s"


BAD_QUERIES = [
    "next=%zz",
    "next=%ff%fe",
    "next=%00",
    "next=/a&next=/b",
    "next=" + "a" * 6000,
    "next[]=/a",
    "&&&===&",
    "%=%",
    "next=%0d%0aSet-Cookie:%20evil=1",
]


@pytest.mark.parametrize("query", BAD_QUERIES, ids=lambda q: q[:24])
def test_a_bad_query_is_refused_or_ignored(site: Deployment, query: str) -> None:
    for path in ("/login", "/signup", "/me", "/dashboard"):
        answer = wire.get(site.port, f"{path}?{query}", {"Accept": "text/html"})
        assert answer is not None
        assert answer.status in (200, 303, 400, 401, 414), str(answer)
        assert "evil" not in str(answer.all("Set-Cookie"))


BAD_PATHS = [
    "/me%00",
    "/%00",
    "/%ff%fe",
    "/me/%c0%ae%c0%ae/",
    "/" + "a" * 3000,
    "/" + "a/" * 1500,
    "/%",
    "/%zz",
    "/api",
    "/api/",
    "/api//me",
    "/api/api/me",
    "/me/",
    "/me/x",
    "/login/../../etc/passwd",
    "/static/../../../etc/passwd",
    "/static/..%2f..%2f..%2fetc/passwd",
    "/.git/config",
    "/nginx.conf",
    "*",
    "me",
]


@pytest.mark.parametrize("path", BAD_PATHS, ids=lambda p: p[:24])
def test_a_bad_path_is_an_error_of_the_client(site: Deployment, path: str) -> None:
    answer = wire.get(site.port, path)
    assert answer is not None
    assert answer.status in (301, 400, 401, 404, 414), str(answer)
    assert b"root:" not in answer.body


@pytest.mark.parametrize("field", ["Cookie", "User-Agent", "Accept", "Origin", "X-Requested-With"])
def test_an_endless_header_is_an_error_of_the_client(site: Deployment, field: str) -> None:
    answer = wire.get(site.port, "/me", {field: "x" * 7000})
    assert answer is not None and answer.status == 401
    answer = wire.get(site.port, "/me", {field: "x" * 200_000})
    assert answer is None or answer.status in (400, 414, 431, 494), str(answer)


def test_many_large_headers_together_are_an_error_of_the_client(site: Deployment) -> None:
    headers = {f"Cookie{i}": "x" * 7900 for i in range(3)} | {"Cookie": "a=" + "y" * 7000}
    answer = wire.get(site.port, "/me", headers)
    assert answer is None or answer.status in (400, 401, 431), str(answer)


def test_a_user_agent_of_any_bytes_is_kept_harmless(site: Deployment, person: Person) -> None:
    client = site.client('<script>alert(1)</script>"\\' + "é" * 400)
    assert client.log_in(person.name, person.password).status == 200
    agent = client.get("/me").json()["session"]["userAgent"]
    assert len(agent.encode()) <= 256
    assert "<script>alert(1)" not in client.get("/account", HTML).text


def test_the_server_is_well_after_all_this(site: Deployment, person: Person) -> None:
    """A last look at the shared server: it is the process that was started, and it serves."""
    assert site.process.is_running
    wait_until(lambda: person.client.get("/me").status == 200, "an answer")
