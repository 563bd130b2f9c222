"""The password again at a guarded place: with groups beside it, below a mount, for every method."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from support import fastcgi
from support.checks import assert_not_cached, assert_problem
from support.command_line import CommandLine
from support.curl import FETCH, NAVIGATION, Curl
from support.deployment import Deploy, Deployment, Person
from support.gateway import Gateway
from support.pages import form_for
from support.parallel import status_of
from support.stale import move_proof
from support.waiting import wait_until

SAME_ORIGIN = NAVIGATION | {"Sec-Fetch-Site": "same-origin"}
REAUTHENTICATION = "reauthentication-required"
POLICIES = {
    "payroll": {"groups": ["staff"], "max-age": "10m"},
    "recent": {"max-age": "10m"},
    "older": {"max-age": "2h"},
}
# Between the two ages, and older than both.
BETWEEN, LONG_AGO = 1800, 10800

House = Callable[..., Deployment]


@pytest.fixture
def house(deploy: Deploy) -> House:
    """Starts a site in which every policy guards the place of its name."""

    def start(mount: str = "", **settings: Any) -> Deployment:
        chosen = {"policies": POLICIES} | settings
        site = deploy(chosen, mount=mount, with_gateway=False)
        site.gateway = Gateway(site.folder / "nginx", site.port, site.socket, mount)
        for policy in POLICIES:
            site.gateway.guard(f"/{policy}", policy)
        site.gateway.start()
        return site

    return start


def outside(site: Deployment, client: Curl) -> Curl:
    """A client that names whole paths, also those outside the mount."""
    client.base = site.base
    return client


def reason(site: Deployment, person: Person, policy: str) -> tuple[int, str | None]:
    """What a check says about somebody."""
    answer = site.ask(fastcgi.check(policy, person.client.ticket_cookie))
    return answer.status, answer.header("X-Auth-Reason")


def age(site: Deployment, person: Person, seconds: int, policy: str) -> None:
    """Makes a proof so old, and waits until a policy finds it too old."""
    move_proof(site, person, seconds)
    wait_until(
        lambda: reason(site, person, policy) == (401, "reauthenticate"), "the proof to be too old"
    )


def test_nobody_is_asked_for_a_password_that_would_not_help(house: House) -> None:
    """ASVS 8.3.1 and 7.5.3: who it is comes first, then how long ago that was proved."""
    site = house()
    person, console = site.person(), CommandLine(site)
    age(site, person, BETWEEN, "recent")
    refused = person.client.get("/payroll", NAVIGATION)
    assert refused.status == 403 and "staff" in refused.text
    assert refused.header("Location") is None
    assert_problem(person.client.get("/payroll", FETCH), 403, "forbidden")
    console.do("user", "groups", person.name, "--add=staff")
    asked = wait_until(
        lambda: (a := person.client.get("/payroll", NAVIGATION)).status == 303 and a,
        "the new group",
    )
    assert asked.location.startswith("/reauthenticate") and asked.return_path == "/payroll"
    assert_problem(person.client.get("/payroll", FETCH), 403, REAUTHENTICATION)
    proof = {"password": person.password}
    assert person.client.post_json("/reauthenticate", proof).status == 204
    assert person.client.get("/payroll", NAVIGATION).status == 200
    # A proof of this moment does not outlast the group.
    console.do("user", "groups", person.name, "--remove=staff")
    wait_until(
        lambda: person.client.get("/payroll", NAVIGATION).status == 403, "the group to be gone"
    )


def test_each_place_has_its_own_age(house: House) -> None:
    """ASVS 7.5.3: one proof, judged by the policy of the place."""
    site = house()
    person = site.person()

    def statuses() -> list[int]:
        return [
            person.client.get(path, NAVIGATION).status
            for path in ("/recent", "/older", "/dashboard")
        ]

    assert statuses() == [200, 200, 200]
    age(site, person, BETWEEN, "recent")
    assert statuses() == [303, 200, 200]
    age(site, person, LONG_AGO, "older")
    assert statuses() == [303, 303, 200]
    proof = {"password": person.password}
    assert person.client.post_json("/reauthenticate", proof).status == 204
    assert statuses() == [200, 200, 200]


def test_a_look_at_a_place_is_no_proof(house: House) -> None:
    """ASVS 7.5.3: use moves the idle limit, and not the time of the proof."""
    site = house()
    person = site.person()
    age(site, person, BETWEEN, "recent")
    for path in ("/me", "/account", "/dashboard", "/api/sessions", "/reauthenticate"):
        assert person.client.get(path, NAVIGATION).status == 200, path
    assert reason(site, person, "recent") == (401, "reauthenticate")


def test_the_proof_of_one_device_is_none_of_another(house: House) -> None:
    """ASVS 7.5.3: whoever holds the other session still has to know the password."""
    site = house()
    person, other = site.person(), site.client()
    assert other.log_in(person.name, person.password).status == 200
    age(site, person, BETWEEN, "recent")
    assert other.get("/recent", NAVIGATION).status == 303
    assert person.client.post_json("/reauthenticate", {"password": person.password}).status == 204
    assert person.client.get("/recent", NAVIGATION).status == 200
    assert other.get("/recent", NAVIGATION).status == 303


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_no_method_passes_a_stale_place(house: House, method: str) -> None:
    """ASVS 7.5.3: nor does a script that sends what it wants to change."""
    site = house()
    person = site.person()
    age(site, person, BETWEEN, "recent")
    for headers, statuses in ((FETCH, {403}), (SAME_ORIGIN, {303, 403})):
        answer = person.client.request(method, "/recent", headers=headers)
        assert answer.status in statuses, str(answer)
        assert person.name not in answer.text
        assert_not_cached(answer)
        if answer.status == 303:
            assert (answer.location.split("?")[0], answer.return_path) == (
                "/reauthenticate",
                "/recent",
            )


def test_below_a_mount_the_way_there_and_back_is_the_same(house: House) -> None:
    """ASVS 7.5.3 and 7.2.4: the page is below the mount, the place is not."""
    site = house("/auth", **{"cookie.path": "/"})
    person = site.person()
    client = outside(site, person.client)
    age(site, person, BETWEEN, "recent")
    asked = client.get("/recent?tab=a%20b", NAVIGATION)
    assert (asked.status, asked.return_path) == (303, "/recent?tab=a%20b")
    assert asked.location.startswith("/auth/reauthenticate?next=")
    page = client.get(asked.location, NAVIGATION)
    fields = form_for(page.text, "/auth/reauthenticate").fields
    old = client.ticket_cookie
    right = fields | {"password": person.password}
    answer = client.post_form("/auth/reauthenticate", right, SAME_ORIGIN)
    assert (answer.status, answer.location) == (303, "/recent?tab=a%20b")
    assert client.ticket_cookie != old and status_of(site, old) == 401
    assert client.get(answer.location, NAVIGATION).status == 200
