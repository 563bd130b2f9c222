"""Requests that other sites make in the name of a visitor (CSRF; ASVS 3.5.1, 3.5.3)."""

from __future__ import annotations

import pytest

from support.checks import assert_problem
from support.curl import HTML, Curl
from support.deployment import Deployment, Person
from support.names import new_name

FOREIGN = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "Same-Origin"},
    {"Sec-Fetch-Site": "same-origin, cross-site"},
    {"Sec-Fetch-Site": "nonsense"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://localhost"},
    {"Origin": "https://localhost.evil.example"},
    {"Origin": "https://localhost@evil.example"},
    {"Origin": "nonsense"},
]


def title(headers: dict[str, str]) -> str:
    """A readable name of a case."""
    return "; ".join(f"{name} {value}" for name, value in headers.items())


@pytest.mark.parametrize("headers", FOREIGN, ids=title)
def test_a_foreign_origin_cannot_log_anybody_in(
    site: Deployment, person: Person, headers: dict[str, str]
) -> None:
    """The login form is covered too, or a visitor could be logged in as somebody else."""
    credentials = {"username": person.name, "password": person.password}
    answer = site.client().post_json("/login", credentials, headers)
    assert_problem(answer, 403, "cross-origin")
    assert answer.header("Set-Cookie") is None
    page = site.client().post_form("/login", credentials, headers | HTML)
    assert page.status == 403
    assert page.media_type == "text/html"
    assert page.header("Set-Cookie") is None


@pytest.mark.parametrize("headers", FOREIGN, ids=title)
def test_a_foreign_origin_cannot_log_anybody_out(
    person: Person, headers: dict[str, str]
) -> None:
    for method in ("POST", "DELETE"):
        answer = person.client.request(method, "/logout", headers=headers)
        assert_problem(answer, 403, "cross-origin")
        assert answer.header("Set-Cookie") is None
    assert person.client.get("/me").status == 200


@pytest.mark.parametrize("headers", FOREIGN, ids=title)
def test_a_foreign_origin_cannot_sign_anybody_up(
    site: Deployment, headers: dict[str, str]
) -> None:
    name, password = new_name(), site.secrets.password()
    answer = site.client().post_form("/signup", {"username": name, "password": password}, headers)
    assert answer.status == 403
    assert_problem(site.client().log_in(name, password), 401, "invalid-credentials")


def test_another_port_is_another_origin(site: Deployment, person: Person) -> None:
    origin = {"Origin": f"https://localhost:{site.port + 1}"}
    answer = person.client.request("POST", "/logout", headers=origin)
    assert_problem(answer, 403, "cross-origin")


@pytest.mark.parametrize("site_value", ["same-origin", "none"])
def test_our_own_pages_and_the_person_are_let_through(
    site: Deployment, person: Person, site_value: str
) -> None:
    credentials = {"username": person.name, "password": person.password}
    headers = {"Sec-Fetch-Site": site_value, "Origin": site.base}
    assert site.client().post_json("/login", credentials, headers).status == 200


def test_our_own_origin_is_enough_without_fetch_metadata(site: Deployment, person: Person) -> None:
    credentials = {"username": person.name, "password": person.password}
    answer = site.client().post_form("/login", credentials, {"Origin": site.base} | HTML)
    assert answer.status == 303, str(answer)


def test_a_client_without_both_headers_is_no_browser(site: Deployment, person: Person) -> None:
    credentials = {"username": person.name, "password": person.password}
    assert site.client().post_json("/login", credentials).status == 200


@pytest.mark.parametrize("path", ["/logout", "/api/logout"])
def test_no_state_changes_by_get(person: Person, path: str) -> None:
    """ASVS 3.5.3: a picture's address cannot log anybody out."""
    client: Curl = person.client
    for method in ("GET", "HEAD"):
        answer = client.request(method, path)
        assert answer.status == 405
        allowed = {token.strip() for token in (answer.header("Allow") or "").split(",")}
        assert {"POST", "DELETE"} <= allowed and "GET" not in allowed
    assert client.get("/me").status == 200


def test_reading_across_origins_is_not_invited(person: Person) -> None:
    answer = person.client.get("/me", {"Origin": "https://evil.example"})
    assert answer.header("Access-Control-Allow-Origin") is None
    assert answer.header("Access-Control-Allow-Credentials") is None
    preflight = person.client.request(
        "OPTIONS",
        "/login",
        headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"},
    )
    assert preflight.header("Access-Control-Allow-Origin") is None
