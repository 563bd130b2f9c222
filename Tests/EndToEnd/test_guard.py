"""Pages of other sites behind nginx's auth_request: nobody gets in without a session."""

from __future__ import annotations

import html
import sqlite3

import pytest

from support import wire
from support.checks import assert_not_cached, assert_problem, assert_refused
from support.curl import FETCH, HTML, NAVIGATION
from support.deployment import Deployment, Person
from support.fastcgi import check
from support.names import new_name
from support.pages import form_for
from support.waiting import wait_until

GUARDED = ["/dashboard", "/products"]


def guarded_marks(site: Deployment, person: Person) -> list[str]:
    """Lines of the guarded pages that nobody without a session may see."""
    marks: set[str] = set()
    for path in GUARDED:
        page = person.client.get(path, HTML)
        assert page.status == 200, str(page)
        marks |= {line.strip() for line in page.text.splitlines()}
    outside = "".join(site.client().get(path, HTML).text for path in ("/login", "/signup"))
    missing = site.client().get("/nothing-here", HTML).text
    return [mark for mark in marks if len(mark) > 8 and mark not in outside + missing]


@pytest.mark.parametrize("path", GUARDED)
def test_a_navigation_is_sent_to_the_login_with_the_whole_url_in_next(
    site: Deployment, path: str
) -> None:
    original = f"{path}?tab=orders&q=a%20b%26c&x=/y%3F"
    answer = site.client().get(original, NAVIGATION)
    assert answer.status == 303
    assert answer.location.startswith("/login?next=%2F")
    assert "&" not in answer.location, "the query of the original is encoded"
    assert answer.return_path == original
    assert_not_cached(answer)


def test_the_query_survives_the_login(site: Deployment, person: Person) -> None:
    original = "/products?sort=price&q=%22big%22%20boxes&page=2"
    client = site.client()
    login = client.get(client.get(original, NAVIGATION).location, NAVIGATION)
    form = form_for(login.text, "/login")
    fields = form.fields | {"username": person.name, "password": person.password}
    fields.pop("remember", None)
    answer = client.post_form("/login", fields, NAVIGATION | {"Sec-Fetch-Site": "same-origin"})
    assert (answer.status, answer.location) == (303, original)
    assert client.get(answer.location, NAVIGATION).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        FETCH,
        {"Accept": "application/json"},
        {"X-Requested-With": "XMLHttpRequest", "Accept": "text/html"},
        {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image", "Accept": "text/html"},
        {"Accept": "*/*"},
    ],
    ids=["fetch", "json", "xhr", "image", "curl"],
)
def test_a_background_request_gets_401_and_no_redirect(
    site: Deployment, headers: dict[str, str]
) -> None:
    answer = site.client().get("/dashboard?x=1", headers)
    assert_refused(answer)
    assert answer.header("Location") is None


def test_a_post_of_a_script_to_a_guarded_page_gets_401(site: Deployment) -> None:
    answer = site.client().request("POST", "/dashboard", json={"a": 1}, headers=FETCH)
    assert_refused(answer)


@pytest.mark.parametrize("path", GUARDED)
def test_a_guarded_page_shows_who_is_logged_in(person: Person, path: str) -> None:
    page = person.client.get(path, NAVIGATION)
    assert page.status == 200
    assert page.media_type == "text/html"
    assert person.name in page.text
    assert_not_cached(page)


def test_a_name_is_escaped_where_a_page_shows_it(site: Deployment) -> None:
    """ASVS 1.2.1: a name may hold `&` and `'`; in a page they are text."""
    client, name = site.client(), new_name("o'neil&lt-&amp")
    assert client.sign_up(name, site.secrets.password()).status == 201
    for path in ("/account", "/dashboard", "/products"):
        page = client.get(path, HTML).text
        assert name in html.unescape(page), path
        assert name not in page, f"{path} shows the name as markup"


def test_the_clients_own_identity_headers_are_ignored(site: Deployment, person: Person) -> None:
    """ASVS 4.1.3: identity comes from the check alone."""
    forged = {
        "X-Auth-User": "mallory",
        "X-Auth-Id": "mallory",
        "X-Auth-Groups": "admin",
        "X-Auth-Session": "mallory",
        "X_Auth_User": "mallory",
        "Remote-User": "mallory",
        "Authorization": "Basic bWFsbG9yeTpwYXNzd29yZA==",
    }
    assert site.client().get("/dashboard", NAVIGATION | forged).status == 303
    page = person.client.get("/dashboard", NAVIGATION | forged)
    assert page.status == 200
    assert person.name in page.text
    assert "mallory" not in page.text
    me = person.client.get("/me", forged).json()
    assert (me["username"], me["groups"]) == (person.name, [])


def test_the_check_answers_are_204_401_and_403_with_identity_and_reason(
    site: Deployment, person: Person
) -> None:
    """What nginx asks, asked straight at the socket."""
    allowed = site.ask(check("user", person.client.ticket_cookie))
    me = person.client.get("/me").json()
    assert (allowed.status, allowed.body) == (204, b"")
    assert allowed.header("X-Auth-User") == person.name
    assert allowed.header("X-Auth-Id") == me["id"]
    assert allowed.header("X-Auth-Groups") == ""
    assert allowed.header("X-Auth-Session") == me["session"]["id"]
    nobody = site.ask(check("user", ""))
    assert (nobody.status, nobody.header("X-Auth-Reason")) == (401, "no-session")
    assert nobody.header("X-Auth-User") is None
    other = site.ask(check("admin", person.client.ticket_cookie))
    assert (other.status, other.header("X-Auth-Reason")) == (403, "group admin")


@pytest.mark.parametrize("policy", ["nobody-defined-this", "", "User", "user ", "user,admin"])
def test_an_unknown_policy_is_refused(site: Deployment, person: Person, policy: str) -> None:
    """Default deny: a policy that is not known is never `any user`."""
    answer = site.ask(check(policy, person.client.ticket_cookie))
    assert answer.status not in (200, 204), str(answer)
    assert answer.header("X-Auth-User") is None


def test_internal_locations_are_not_reachable_from_outside(
    site: Deployment, person: Person
) -> None:
    for path in ("/_coatcheck/user", "/_coatcheck/admin", "/_coatcheck/", "/@coatcheck_login"):
        assert person.client.get(path).status == 404


def test_the_admin_policy_shows_a_page_that_names_the_missing_group(
    site: Deployment, person: Person
) -> None:
    answer = person.client.get("/staff", NAVIGATION)
    assert answer.status == 403
    assert answer.media_type == "text/html"
    assert "admin" in answer.text
    assert_problem(person.client.get("/staff", FETCH), 403, "forbidden")
    assert site.client().get("/staff", NAVIGATION).status == 303


def test_a_member_of_the_group_admin_passes_the_admin_policy_at_once(site: Deployment) -> None:
    """ASVS 8.3.2: a change of groups that another process made holds within moments."""
    person = site.person()
    assert person.client.get("/staff", NAVIGATION).status == 403
    with sqlite3.connect(site.database) as database:
        database.execute(
            "INSERT INTO user_groups (user_id, name) SELECT id, 'admin' FROM users "
            "WHERE username = ?",
            [person.name],
        )
    wait_until(
        lambda: person.client.get("/staff", NAVIGATION).status == 200,
        "the group to count",
        timeout=2,
    )
    assert person.client.get("/me").json()["role"] == "admin"
    assert person.client.get("/me").json()["groups"] == ["admin"]


ODD_PATHS = [
    "//dashboard",
    "///dashboard",
    "/dashboard/",
    "/dashboard//",
    "/dashboard/.",
    "/./dashboard",
    "/x/../dashboard",
    "/x/..%2fdashboard",
    "/x/%2e%2e/dashboard",
    "/%64ashboard",
    "/%2564ashboard",
    "/dashboard%2f",
    "/dashboard%00",
    "/dashboard%20",
    "/dashboard;x=1",
    "/dashboard.html",
    "/DASHBOARD",
    "/dashboard/index.html",
    "/static/../dashboard",
    "/static..%2fdashboard",
    "/static/..%2f..%2fdashboard",
    "/guarded/dashboard.html",
    "/static/dashboard.html",
    "/login/../dashboard",
    "/login/..%2fdashboard",
    "/\\dashboard",
    "/dashboard?",
    "/dashboard#x",
    "/_coatcheck/../dashboard",
]


@pytest.mark.parametrize("path", ODD_PATHS)
def test_no_spelling_of_the_path_serves_guarded_bytes(
    site: Deployment, person: Person, path: str
) -> None:
    """Policies are chosen by name where the page is declared, so a spelling changes nothing."""
    marks = guarded_marks(site, person)
    assert marks, "the guarded pages have lines of their own"
    answers = [wire.get(site.port, path), wire.get(site.port, path, NAVIGATION)]
    answers.append(wire.get(site.port, f"https://localhost:{site.port}{path}"))
    answers.append(wire.get(site.port, f"http://evil.example{path}", NAVIGATION))
    if "#" not in path and "\\" not in path:
        answers.append(site.client().request("GET", path, arguments=("--http2",)))
        answers.append(site.client().request("GET", path, arguments=("--http1.0",)))
    for answer in answers:
        if answer is None:
            continue
        assert answer.status < 500, str(answer)
        body = answer.body.decode("utf-8", "replace")
        assert not [mark for mark in marks if mark in body], str(answer)


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PROPFIND"])
def test_no_method_passes_the_guard(site: Deployment, method: str) -> None:
    answer = site.client().request(method, "/dashboard", headers=FETCH)
    assert answer.status in (401, 405), str(answer)
    assert answer.header("X-Auth-User") is None


def test_an_absolute_url_cannot_choose_the_host_of_the_redirect(site: Deployment) -> None:
    answer = wire.get(site.port, "https://evil.example/dashboard?a=1", NAVIGATION)
    assert answer is not None
    assert answer.status in (303, 400, 404, 421), str(answer)
    if answer.status == 303:
        assert answer.location.startswith("/login?")
        assert not answer.return_path.startswith("//")
