"""What administrators, or people who would be, may send to /users: paging, search, bad input."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from support.checks import assert_issue, assert_problem
from support.command_line import administrator
from support.curl import NAVIGATION
from support.deployment import Deployment, Person
from support.names import new_name


@pytest.fixture(scope="module")
def admin(site: Deployment) -> Person:
    """One administrator of the shared site."""
    return administrator(site)


@pytest.fixture
def user(person: Person) -> str:
    """The public id of somebody to be administered."""
    return str(person.client.get("/me").json()["id"])


def names_of(admin: Person, query: str, limit: int) -> list[str]:
    """The names on all pages of a search, which must end."""
    names: list[str] = []
    path = f"/users?q={query}&limit={limit}"
    target = path
    for _ in range(50):
        page = admin.client.get(target).json()
        assert len(page["users"]) <= limit
        names += [user["username"] for user in page["users"]]
        if page["next"] is None:
            return names
        target = f"{path}&after={quote(page['next'], safe='')}"
    raise AssertionError(f"more than 50 pages: {names}")


def test_pages_hold_everybody_once_in_order(admin: Person) -> None:
    mark = new_name("page").replace("-", "")
    made = [f"{mark}-{n:02}" for n in (7, 3, 11, 1, 9, 5, 2)]
    for name in made:
        assert admin.client.post_json("/users", {"username": name}).status == 201
    for limit in (1, 2, 3, 7, 200):
        assert names_of(admin, mark, limit) == sorted(made), f"pages of {limit}"
    assert names_of(admin, mark.upper(), 3) == sorted(made), "case does not matter"


@pytest.mark.parametrize("wild", ["%", "_", "*", "?", "\\", "'", '"', "%%", "[a-z]", "'--"])
def test_a_search_is_for_text_and_nothing_else(admin: Person, wild: str) -> None:
    """ASVS 1.2.4: neither SQL nor its wildcards."""
    plain = new_name("wild")
    assert admin.client.post_json("/users", {"username": plain}).status == 201
    answer = admin.client.get(f"/users?q={quote(plain[:-3] + wild, safe='')}")
    assert answer.status == 200, str(answer)
    assert answer.json()["users"] == []


@pytest.mark.parametrize("limit", ["0", "-1", "201", "9" * 30, "ten", "1.5", "", "%201", "0x10"])
def test_a_limit_that_is_none_is_400(admin: Person, limit: str) -> None:
    assert_issue(admin.client.get(f"/users?limit={limit}"), "limit")


@pytest.mark.parametrize("cursor", ["zzzz", "%F0%9F%98%80", "a" * 2000, "%27%3B--", "0"])
def test_any_cursor_gives_a_page(admin: Person, cursor: str) -> None:
    answer = admin.client.get(f"/users?after={cursor}&limit=5")
    assert answer.status == 200, str(answer)
    assert len(answer.json()["users"]) <= 5


HOSTILE_GROUPS = [
    "two words",
    "tab\there",
    "line\nX-Auth-User: root",
    "\r\nSet-Cookie: a=b",
    "nul\x00",
    "a,admin",
    "",
    " ",
    "-dash",
    ".dot",
    "a" * 65,
    "ädmin",
    "ａｄｍｉｎ",
    "admin\u200b",
    "\u202eadmin",
    "<script>",
    "a'b",
    'a"b',
    "a;b",
    "a/b",
    "$(id)",
]


@pytest.mark.parametrize("group", HOSTILE_GROUPS, ids=ascii)
def test_a_hostile_group_name_is_refused_and_changes_nothing(
    admin: Person, person: Person, user: str, group: str
) -> None:
    """Group names go into a header and a list with commas: what could separate is refused."""
    answer = admin.client.request("PATCH", f"/users/{user}", json={"groups": ["fine", group]})
    assert_issue(answer, "groups")
    assert_issue(
        admin.client.post_json("/users", {"username": new_name(), "groups": [group]}), "groups"
    )
    assert person.client.get("/me").json()["groups"] == []
    assert person.client.get("/staff", NAVIGATION).status == 403


@pytest.mark.parametrize("group", ["Admin", "ADMIN", "admins", "admin.", "_admin"])
def test_a_name_like_that_of_the_administrators_is_another_group(
    admin: Person, person: Person, user: str, group: str
) -> None:
    answer = admin.client.request("PATCH", f"/users/{user}", json={"groups": [group]})
    assert answer.status == 200, str(answer)
    assert person.client.get("/me").json()["role"] == "user"
    assert_problem(person.client.get("/users"), 403, "forbidden")
    assert person.client.get("/staff", NAVIGATION).status == 403


def test_the_most_groups_fit_through_the_check_and_one_more_is_refused(
    admin: Person, person: Person, user: str
) -> None:
    most = [f"{n:02}" + "x" * 62 for n in range(64)]
    assert_issue(
        admin.client.request("PATCH", f"/users/{user}", json={"groups": [*most, "more"]}), "groups"
    )
    answer = admin.client.request("PATCH", f"/users/{user}", json={"groups": most})
    assert answer.status == 200 and sorted(answer.json()["groups"]) == most
    assert person.client.get("/dashboard", NAVIGATION).status == 200


@pytest.mark.parametrize(
    "body",
    [
        {"groups": "admin"},
        {"groups": {"0": "admin"}},
        {"groups": ["admin", 1]},
        {"groups": [["admin"]]},
        {"groups": [None]},
        {"disabled": "true"},
        {"disabled": 1},
        {"disabled": True, "version": "1"},
        {"disabled": True, "version": 1.5},
        {"disabled": True, "version": 1e300},
        {"disabled": True, "version": True},
        ["groups"],
    ],
    ids=repr,
)
def test_an_edit_of_another_type_is_400_and_changes_nothing(
    admin: Person, person: Person, user: str, body: Any
) -> None:
    answer = admin.client.request("PATCH", f"/users/{user}", json=body)
    assert_problem(answer, 400, "invalid-request")
    assert person.client.get("/me").json()["groups"] == []


@pytest.mark.parametrize(
    "identifier",
    [
        "0",
        "a" * 21,
        "a" * 22,
        "a" * 23,
        pytest.param("A" * 5000, id="5000"),
        "..%2f..%2fusers",
        "%00" * 22,
        "%F0%9F%98%80",
        "'%20OR%201=1--",
        "%25",
        "me",
        "a" * 21 + "=",
        "a" * 21 + "%0a",
    ],
)
@pytest.mark.parametrize(("method", "rest"), [("GET", ""), ("DELETE", ""), ("GET", "/sessions")])
def test_an_id_that_is_none_is_404(
    admin: Person, identifier: str, method: str, rest: str
) -> None:
    answer = admin.client.request(method, f"/users/{identifier}{rest}")
    if answer.status == 400:
        # nginx itself refuses a NUL and a path that leads out of the site.
        assert "%00" in identifier or ".." in identifier
        return
    assert_problem(answer, 404, "not-found")


def test_an_id_is_read_as_it_is_written(admin: Person, user: str) -> None:
    """One text for each account: no second spelling that a rule elsewhere would miss."""
    swapped = user.swapcase()
    assert_problem(admin.client.get(f"/users/{swapped}"), 404, "not-found")
    # The last of 22 characters holds 4 bits that no id uses.
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for step in (1, 2, 3):
        other = user[:-1] + last[(last.index(user[-1]) + step) % 64]
        assert_problem(admin.client.get(f"/users/{other}"), 404, "not-found")


@pytest.mark.parametrize("method", ["PUT", "POST", "OPTIONS", "TRACE"])
def test_other_methods_are_refused(admin: Person, user: str, method: str) -> None:
    """ASVS 4.1.4: only the methods that are listed."""
    assert admin.client.request(method, f"/users/{user}").status == 405
