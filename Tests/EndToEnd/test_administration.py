"""The API by which administrators manage accounts: /users."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from support.checks import (
    PUBLIC_ID,
    TIME,
    assert_not_cached,
    assert_problem,
    assert_refused,
)
from support.command_line import CommandLine, administrator
from support.curl import NAVIGATION
from support.deployment import Deploy, Deployment, Person
from support.names import new_address, new_name

API = [
    ("GET", "/users", None),
    ("POST", "/users", {"username": "intruder-made-this"}),
    ("GET", "/users/{id}", None),
    ("PATCH", "/users/{id}", {"groups": ["admin"]}),
    ("DELETE", "/users/{id}", None),
    ("POST", "/users/{id}/link", {}),
    ("GET", "/users/{id}/sessions", None),
    ("DELETE", "/users/{id}/sessions", None),
]


@pytest.fixture(scope="module")
def admin(site: Deployment) -> Person:
    """One administrator of the shared site."""
    return administrator(site)


def identifier(person: Person) -> str:
    """The public id of somebody who is logged in."""
    return str(person.client.get("/me").json()["id"])


def patch(admin: Person, user: str, changes: Any) -> Any:
    """PATCH of an account."""
    return admin.client.request("PATCH", f"/users/{user}", json=changes)


def token(link: str) -> str:
    """The secret of a link."""
    return parse_qs(urlsplit(link).query)["token"][0]


@pytest.mark.parametrize(("method", "path", "body"), API)
@pytest.mark.parametrize("prefix", ["", "/api"])
def test_visitors_get_401_and_users_403_and_nothing_happens(
    site: Deployment, person: Person, method: str, path: str, body: Any, prefix: str
) -> None:
    """ASVS 8.3.1: the rule is enforced by the server, on every route and method."""
    victim = site.person()
    target = prefix + path.replace("{id}", identifier(victim))
    assert_refused(site.client().request(method, target, json=body))
    answer = person.client.request(method, target, json=body)
    problem = assert_problem(answer, 403, "forbidden")
    assert "admin" in str(problem["error"]), "it says what is missing"
    assert_not_cached(answer)
    assert victim.client.get("/me").json()["groups"] == []


def test_a_request_of_another_site_does_nothing(
    site: Deployment, admin: Person, person: Person
) -> None:
    """ASVS 3.5.1: an administrator's cookie does not carry a stranger's request."""
    user = identifier(person)
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        for method, body in (("PATCH", {"disabled": True}), ("DELETE", None)):
            answer = admin.client.request(method, f"/users/{user}", json=body, headers=headers)
            assert_problem(answer, 403, "cross-origin")
    assert person.client.get("/me").status == 200


def test_a_new_account_has_a_link_that_sets_its_password_once(
    site: Deployment, admin: Person
) -> None:
    """ASVS 6.4.1 and 6.4.6: the administrator starts it and never chooses the password."""
    address = new_address()
    answer = admin.client.post_json("/users", {"email": address, "groups": ["staff", "staff"]})
    assert answer.status == 201, str(answer)
    assert_not_cached(answer)
    user = answer.json()
    assert PUBLIC_ID.fullmatch(user["id"]) and TIME.fullmatch(user["createdAt"])
    assert (user["username"], user["email"]) == (address, address)
    assert (user["groups"], user["disabled"]) == (["staff"], False)
    secret = site.secrets.add(token(user["link"]["url"]))
    assert len(secret) == 43 and TIME.fullmatch(user["link"]["expiresAt"])
    client, password = site.client(), site.secrets.password()
    assert_problem(client.log_in(address, ""), 400, "invalid-request")
    assert_problem(client.log_in(address, password), 401, "invalid-credentials")
    set_it = {"token": secret, "password": password}
    assert client.post_json("/set-password", set_it).status == 204
    assert_refused(client.get("/me"))
    assert client.log_in(address, password).status == 200
    again = {"token": secret, "password": site.secrets.password()}
    assert_problem(site.client().post_json("/set-password", again), 404, "link-unusable")
    assert "token" not in json.dumps(admin.client.get(f"/users/{user['id']}").json())


def test_a_password_in_the_request_for_a_new_account_is_not_used(
    site: Deployment, admin: Person
) -> None:
    """ASVS 6.4.6: nobody but the owner sets a password."""
    name, password = new_name(), site.secrets.password()
    answer = admin.client.post_json("/users", {"username": name, "password": password})
    assert answer.status in (201, 400)
    assert site.client().log_in(name, password).status == 401


def test_a_name_that_is_taken_is_409(admin: Person, person: Person) -> None:
    for name in (person.name, person.name.upper()):
        answer = admin.client.post_json("/users", {"username": name})
        assert_problem(answer, 409, "username-taken")


def test_groups_hold_at_the_next_request(site: Deployment, admin: Person, person: Person) -> None:
    """ASVS 8.3.2: a change of rights holds at once, for pages and for the API, both ways."""
    user = identifier(person)
    for _ in range(3):
        assert person.client.get("/staff", NAVIGATION).status == 403
        answer = patch(admin, user, {"groups": ["admin", "x"]})
        assert (answer.status, answer.json()["groups"]) == (200, ["admin", "x"]), str(answer)
        assert person.client.get("/staff", NAVIGATION).status == 200
        assert person.client.get("/users").status == 200
        assert person.client.get("/me").json()["role"] == "admin"
        assert patch(admin, user, {"groups": []}).status == 200
        assert_problem(person.client.get("/users"), 403, "forbidden")


def test_disabling_ends_every_session_at_once_and_refuses_the_login(
    site: Deployment, admin: Person, person: Person
) -> None:
    """ASVS 7.4.2, and 6.3.8: a shut account looks like a wrong password."""
    user, second = identifier(person), site.client()
    assert second.log_in(person.name, person.password).status == 200
    assert patch(admin, user, {"disabled": True}).json()["disabled"] is True
    for client in (person.client, second):
        assert client.get("/dashboard", NAVIGATION).status == 303
        assert_refused(client.get("/me"))
    right = site.client().log_in(person.name, person.password)
    wrong = site.client().log_in(person.name, site.secrets.password())
    assert_problem(right, 401, "invalid-credentials")
    assert right.body == wrong.body
    assert patch(admin, user, {"disabled": False}).json()["disabled"] is False
    assert_refused(person.client.get("/me"))
    assert second.log_in(person.name, person.password).status == 200


def test_a_link_does_not_open_an_account_that_was_disabled(
    site: Deployment, admin: Person, person: Person
) -> None:
    user = identifier(person)
    answer = admin.client.post_json(f"/users/{user}/link", {})
    assert answer.status == 201, str(answer)
    secret = site.secrets.add(token(answer.json()["url"]))
    assert patch(admin, user, {"disabled": True}).status == 200
    password = site.secrets.password()
    site.client().post_json("/set-password", {"token": secret, "password": password})
    assert site.client().log_in(person.name, password).status == 401


def test_deleting_ends_the_sessions_and_frees_the_name(
    site: Deployment, admin: Person, person: Person
) -> None:
    """ASVS 7.4.2: nothing of a deleted account opens anything, whoever takes its name."""
    user = identifier(person)
    assert admin.client.request("DELETE", f"/users/{user}").status == 204
    assert_refused(person.client.get("/me"))
    for method in ("GET", "DELETE"):
        assert_problem(admin.client.request(method, f"/users/{user}"), 404, "not-found")
    assert site.client().log_in(person.name, person.password).status == 401
    assert site.client().sign_up(person.name, site.secrets.password()).status == 201
    assert_refused(person.client.get("/me"))


def test_sessions_of_a_user_are_listed_and_ended(
    site: Deployment, admin: Person, person: Person
) -> None:
    """ASVS 7.4.5: an administrator ends the sessions of one user, and of nobody else."""
    user, second, other = identifier(person), site.client("laptop/1"), site.person()
    assert second.log_in(person.name, person.password).status == 200
    listed = admin.client.get(f"/users/{user}/sessions")
    assert listed.status == 200
    sessions = listed.json()
    assert len(sessions) == 2
    assert {s["ip"] for s in sessions} == {person.client.source, second.source}
    assert not any(s["current"] for s in sessions)
    assert all(ticket not in listed.text for ticket in person.client.cookies.values())
    assert admin.client.request("DELETE", f"/users/{user}/sessions").status == 204
    for client in (person.client, second):
        assert_refused(client.get("/me"))
    assert admin.client.get(f"/users/{user}/sessions").json() == []
    assert other.client.get("/me").status == 200


def test_an_edit_of_a_stale_version_is_409_and_changes_nothing(
    admin: Person, person: Person
) -> None:
    user = identifier(person)
    version = admin.client.get(f"/users/{user}").json()["version"]
    first = patch(admin, user, {"groups": ["one"], "version": version})
    assert first.status == 200 and first.json()["version"] > version
    late = patch(admin, user, {"groups": ["two"], "disabled": True, "version": version})
    assert_problem(late, 409, "edit-conflict")
    now = admin.client.get(f"/users/{user}").json()
    assert (now["groups"], now["disabled"]) == (["one"], False)


def test_of_many_edits_of_one_version_exactly_one_wins(
    site: Deployment, admin: Person, person: Person
) -> None:
    """Concurrent edits of one user: no lost update."""
    user = identifier(person)
    headers = {"Cookie": admin.client.ticket_cookie, "Content-Type": "application/json"}
    for _ in range(5):
        version = admin.client.get(f"/users/{user}").json()["version"]

        def edit(number: int) -> int:
            body = json.dumps({"groups": [f"g{number}"], "version": version}).encode()
            return site.send("PATCH", f"/users/{user}", headers=headers, body=body).status

        with ThreadPoolExecutor(16) as pool:
            statuses = list(pool.map(edit, range(16)))
        assert sorted(statuses) == [200] + [409] * 15
        winner = f"g{statuses.index(200)}"
        assert admin.client.get(f"/users/{user}").json()["groups"] == [winner]


def test_what_is_left_out_of_an_edit_stays(admin: Person, person: Person) -> None:
    user = identifier(person)
    assert patch(admin, user, {"groups": ["kept"]}).status == 200
    assert patch(admin, user, {"disabled": True}).json()["groups"] == ["kept"]
    assert patch(admin, user, {"groups": None}).json()["disabled"] is True
    assert patch(admin, user, {}).json()["groups"] == ["kept"]


@pytest.mark.parametrize("act", ["degrade", "disable", "delete", "delete-account"])
def test_the_last_administrator_stays(deploy: Deploy, act: str) -> None:
    """Not by accident; a second one who is disabled does not count."""
    site = deploy()
    admin, other = administrator(site), administrator(site)
    user = identifier(admin)
    assert patch(admin, identifier(other), {"disabled": True}).status == 200
    if act == "degrade":
        answer = patch(admin, user, {"groups": ["staff"]})
    elif act == "disable":
        answer = patch(admin, user, {"disabled": True})
    elif act == "delete":
        answer = admin.client.request("DELETE", f"/users/{user}")
    else:
        answer = admin.client.request("DELETE", "/account")
    assert_problem(answer, 409, "last-administrator")
    assert admin.client.get("/users").status == 200


def test_two_administrators_who_degrade_each_other_leave_one(deploy: Deploy) -> None:
    """The rule holds in the very transaction: no time between looking and changing."""
    site = deploy()
    for _ in range(5):
        pair = [administrator(site) for _ in range(2)]
        ids = [identifier(one) for one in pair]
        for user in site_admins(pair[0]) - set(ids):
            assert patch(pair[0], user, {"groups": []}).status == 200
        with ThreadPoolExecutor(2) as pool:
            jobs = [
                pool.submit(patch, pair[n], ids[1 - n], {"groups": []}) for n in range(2)
            ]
            statuses = sorted(job.result().status for job in jobs)
        assert statuses[0] == 200 and statuses[1] in (403, 409)
        left = CommandLine(site).do("user", "list").count("\tactive\tadmin")
        assert left == 1


def site_admins(admin: Person) -> set[str]:
    """The ids of all administrators."""
    users = admin.client.get("/users?limit=200").json()["users"]
    return {user["id"] for user in users if "admin" in user["groups"]}
