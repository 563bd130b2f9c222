"""The form of every answer: pages or JSON, problems, methods, HEAD, headers."""

from __future__ import annotations

import json
import re

import pytest

from support import wire
from support.checks import assert_not_cached, assert_problem
from support.curl import HTML
from support.deployment import Deployment, Person
from support.fastcgi import route
from support.names import new_name

JSON_ONLY = {"Accept": "application/json"}
ALLOWED = [
    ("/signup", {"GET", "HEAD", "POST"}),
    ("/register", {"GET", "HEAD", "POST"}),
    ("/login", {"GET", "HEAD", "POST"}),
    ("/logout", {"POST", "DELETE"}),
    ("/me", {"GET", "HEAD"}),
    ("/account", {"GET", "HEAD", "DELETE"}),
    ("/sessions", {"GET", "HEAD", "DELETE"}),
    ("/sessions/x", {"DELETE"}),
    ("/password", {"POST"}),
    ("/users", {"GET", "HEAD", "POST"}),
    ("/users/x", {"GET", "HEAD", "PATCH", "DELETE"}),
    ("/users/x/sessions", {"GET", "HEAD", "DELETE"}),
    ("/api/login", {"POST"}),
    ("/api/signup", {"POST"}),
    ("/api/register", {"POST"}),
    ("/api/logout", {"POST", "DELETE"}),
    ("/api/me", {"GET", "HEAD"}),
]


@pytest.mark.parametrize(("path", "methods"), ALLOWED, ids=[path for path, _ in ALLOWED])
def test_a_wrong_method_is_405_with_allow(
    site: Deployment, path: str, methods: set[str]
) -> None:
    """ASVS 4.1.4: only the listed methods."""
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - methods:
        answer = site.client().request(method, path, headers=JSON_ONLY)
        assert_problem(answer, 405, "method-not-allowed")
        allow = {token.strip() for token in (answer.header("Allow") or "").split(",")}
        assert allow - {"OPTIONS"} == methods, f"{method} {path}"


@pytest.mark.parametrize("method", ["BREW", "get", "TRACE", "CONNECT", "PROPFIND"])
def test_a_method_nobody_knows_is_an_error_of_the_client(site: Deployment, method: str) -> None:
    octets = f"{method} /me HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    answer = wire.raw(site.port, octets.encode())
    assert answer is None or answer.status in (400, 405, 501), str(answer)


@pytest.mark.parametrize("path", ["/nothing-here", "/api/nothing-here", "/me/more", "/loginx"])
def test_an_unknown_path_is_404(site: Deployment, path: str) -> None:
    assert_problem(site.client().get(path, JSON_ONLY), 404, "not-found")


def test_an_unknown_path_is_a_page_for_people(site: Deployment) -> None:
    answer = site.client().get("/nothing-here", HTML)
    assert answer.status == 404
    assert answer.header("Content-Type") == "text/html; charset=utf-8"
    assert "<h1" in answer.text


def test_api_paths_answer_json_to_whoever_accepts_html(site: Deployment) -> None:
    for method, path, status in [
        ("GET", "/api/me", 401),
        ("GET", "/api/nothing", 404),
        ("GET", "/api/login", 405),
        ("PUT", "/api/me", 405),
        ("POST", "/api/login", None),
    ]:
        answer = site.client().request(method, path, headers=HTML)
        assert answer.media_type == "application/problem+json", f"{method} {path}"
        assert status is None or answer.status == status


@pytest.mark.parametrize(
    ("content", "accept", "expected"),
    [
        ("form", None, "page"),
        ("form", "*/*", "page"),
        ("form", "text/html", "page"),
        ("form", "application/xhtml+xml", "page"),
        ("form", "application/json", "json"),
        ("json", None, "json"),
        ("json", "*/*", "json"),
        ("json", "text/html", "json"),
        ("json", "application/json", "json"),
    ],
)
def test_the_form_of_the_answer_follows_the_request(
    site: Deployment, person: Person, content: str, accept: str | None, expected: str
) -> None:
    headers = {"Accept": accept or ""}
    credentials = {"username": person.name, "password": person.password}
    wrong = credentials | {"password": site.secrets.password()}
    client = site.client()
    post = client.post_form if content == "form" else client.post_json
    refused, accepted = post("/login", wrong, headers), post("/login", credentials, headers)
    assert refused.status == 401
    if expected == "page":
        assert refused.media_type == "text/html"
        assert (accepted.status, accepted.location) == (303, "/account")
    else:
        assert_problem(refused, 401, "invalid-credentials")
        assert (accepted.status, accepted.media_type) == (200, "application/json")


def test_a_text_outside_ascii_comes_back_as_utf8(site: Deployment) -> None:
    client, name = site.client(), "Łukasz-日本-" + new_name("é")
    assert client.sign_up(name, site.secrets.password()).json()["username"] == name
    assert client.get("/me").json()["username"] == name
    assert name in client.get("/account", HTML).text
    assert name in client.get("/dashboard", HTML).text


@pytest.mark.parametrize("path", ["/login", "/signup", "/health/live", "/dashboard", "/nothing"])
def test_head_answers_as_get_does_without_a_body(site: Deployment, path: str) -> None:
    get, head = (wire.get(site.port, path, HTML, method) for method in ("GET", "HEAD"))
    assert get is not None and head is not None
    assert head.status == get.status
    assert head.header("Content-Type") == get.header("Content-Type")
    assert (head.header("Location"), head.body) == (get.header("Location"), b"")


def test_head_works_for_somebody_logged_in(person: Person) -> None:
    for path in ("/me", "/account", "/dashboard"):
        assert person.client.request("HEAD", path).status == 200


def test_health_says_ok(site: Deployment) -> None:
    live = site.client().get("/health/live")
    assert (live.status, live.json()) == (200, {"status": "ok"})
    assert site.client().get("/health/ready").status == 200


PAGES = ["/login", "/signup", "/account", "/dashboard", "/nothing-here", "/me", "/static/style.css"]


@pytest.mark.parametrize("path", PAGES)
def test_every_answer_carries_the_security_headers(person: Person, path: str) -> None:
    """ASVS 3.4.1, 3.4.3, 3.4.4, 3.4.5, 3.4.6, 3.4.8; each header once."""
    answer = person.client.get(path, HTML)
    hsts = re.search(r"max-age=(\d+)", answer.header("Strict-Transport-Security") or "")
    assert hsts and int(hsts.group(1)) >= 31_536_000
    assert answer.header("X-Content-Type-Options") == "nosniff"
    assert answer.header("Referrer-Policy") in ("no-referrer", "same-origin", "strict-origin")
    assert answer.header("Cross-Origin-Opener-Policy") == "same-origin"
    policy = answer.header("Content-Security-Policy") or ""
    for directive in (
        "default-src 'none'",
        "style-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ):
        assert directive in policy, policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("path", ["/login", "/nothing-here", "/me", "/dashboard", "/%"])
def test_no_answer_tells_versions_or_insides(site: Deployment, path: str) -> None:
    """ASVS 13.4.6 and 16.5.1."""
    answer = wire.get(site.port, path)
    assert answer is not None
    text = str(answer.headers) + answer.body.decode("utf-8", "replace")
    assert not re.search(r"nginx/\d|libfcgi|SQLite|Swift|\.swift|/tmp/|coatcheck/\d", text)
    assert answer.header("X-Powered-By") is None


@pytest.mark.parametrize("path", ["/login", "/signup", "/account", "/me", "/api/me", "/dashboard"])
def test_nothing_personal_is_cached(site: Deployment, person: Person, path: str) -> None:
    """ASVS 14.3.2, with a session and without one."""
    for client in (person.client, site.client()):
        assert_not_cached(client.get(path, HTML))


def test_static_files_are_served_with_their_types_and_need_no_session(site: Deployment) -> None:
    sheet = site.client().get("/static/style.css")
    assert (sheet.status, sheet.media_type) == (200, "text/css")
    icon = site.client().get("/static/icon.svg")
    assert (icon.status, icon.media_type) == (200, "image/svg+xml")
    assert site.client().get("/static/nothing.css").status == 404
    assert site.client().get("/static/", HTML).status in (403, 404)


def test_only_tls_1_2_and_1_3_are_spoken(site: Deployment) -> None:
    for version, works in [("1.0", False), ("1.1", False), ("1.2", True), ("1.3", True)]:
        client = site.client()
        arguments = (f"--tlsv{version}", "--tls-max", version, "--ciphers", "ALL:@SECLEVEL=0")
        try:
            answered = client.request("GET", "/login", arguments=arguments).status == 200
        except AssertionError:
            answered = False
        assert answered == works, f"TLS {version}"


def test_http2_and_http1_answer_the_same(person: Person) -> None:
    for version in ("--http1.1", "--http2"):
        answer = person.client.request("GET", "/me", arguments=(version,))
        assert answer.json()["username"] == person.name


def test_nginx_limits_logins_from_one_address_with_429(site: Deployment) -> None:
    """ASVS 6.3.1. The other addresses, and everything but logins, go on."""
    headers = {"Content-Type": "application/json"}
    for _ in range(300):
        # Another name each time: tries for one name are throttled by Coatcheck itself.
        body = json.dumps({"username": new_name(), "password": "wrong-password-01"}).encode()
        answer = site.send("POST", "/login", headers=headers, body=body, source="127.222.0.9")
        if answer.status != 401:
            break
    assert_problem(answer, 429, "too-many-requests")
    assert int(answer.header("Retry-After") or 0) >= 1
    assert site.send("GET", "/login", source="127.222.0.9").status == 200
    assert site.send("POST", "/login", headers=headers, body=body).status == 401


def test_the_program_answers_status_first_and_once_on_every_way(
    site: Deployment, person: Person
) -> None:
    """Without `Status:` nginx would take an answer for 200 and let a visitor in."""
    cookie = person.client.ticket_cookie
    for parameters in (
        route("GET", "/me", HTTP_COOKIE=cookie),
        route("GET", "/nothing"),
        route("BREW", "/me"),
        route("GET", "/login", HTTP_ACCEPT="text/html"),
        route("POST", "/login"),
        route("GET", "/account", COATCHECK_MODE="login"),
        route("GET", "/account", COATCHECK_MODE="denied", COATCHECK_REASON="group admin"),
        route("GET", "/account", COATCHECK_MODE="nonsense"),
        [],
    ):
        answer = site.ask(parameters)  # the reader insists on `Status:` as the first header
        assert answer.header("Status") is None
