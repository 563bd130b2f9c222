"""Groups and policies: who gets in where, and what the others are told."""

from __future__ import annotations

from typing import Any

import pytest

from support import fastcgi
from support.checks import assert_not_cached, assert_problem, assert_refused
from support.clock import let_pass
from support.command_line import CommandLine, administrator
from support.curl import FETCH, NAVIGATION
from support.deployment import Deploy, Deployment, Person
from support.gateway import Gateway
from support.names import new_name
from support.parallel import at_once

EDITORS = {"groups": ["editors", "staff"]}
PAYROLL = {"groups": ["staff"], "max-age": "10m"}
PLACES = {
    "/articles": "editors",
    "/payroll": "payroll",
    "/nowhere": "nobody-defined-this",
    "/odd": "Editors",
}
# The contract: what another process changed holds within a fifth of a second.
DELAY = 0.2
# In names of groups nothing may stand that is a separator or invisible somewhere else.
HOSTILE = {
    "blank": "two words",
    "blank-behind": "editors ",
    "comma": "editors,admin",
    "line-feed": "editors\nadmin",
    "carriage-return": "editors\r",
    "tab": "a\tb",
    "escape": "\x1b[31m",
    "delete": "a\x7f",
    "separator": "a\x1fb",
    "no-break-blank": "a\u00a0b",
    "zero-width": "adm\u200bin",
    "letter": "ädmin",
    "fullwidth": "\uff41dmin",
    "colon": "a:b",
    "slash": "a/b",
    "quote": 'a"b',
    "dot-first": ".a",
    "long": "a" * 65,
    "empty": "",
}


@pytest.fixture
def house(deploy: Deploy) -> Deployment:
    """A site with two policies of its own, and places that ask for others too."""
    policies = {"editors": EDITORS, "payroll": PAYROLL}
    site = deploy({"policies": policies}, with_gateway=False)
    site.gateway = Gateway(site.folder / "nginx", site.port, site.socket)
    for path, policy in PLACES.items():
        site.gateway.guard(path, policy)
    site.gateway.start()
    return site


def statuses(person: Person, *paths: str) -> list[int]:
    """How navigations to places are answered."""
    return [person.client.get(path, NAVIGATION).status for path in paths]


def test_a_policy_lets_members_of_any_of_its_groups_in(house: Deployment) -> None:
    """ASVS 8.3.1 and 8.3.2: by the location, and from the next request on after a change."""
    person, console = house.person(), CommandLine(house)
    administrator(house)  # or the group admin could not be taken away
    paths = ("/articles", "/payroll", "/staff", "/dashboard")
    expected = {
        "": [403, 403, 403, 200],
        "editors": [200, 403, 403, 200],
        "staff": [200, 200, 403, 200],
        "admin": [403, 403, 200, 200],
        "Editors": [403, 403, 403, 200],
        "editors-2": [403, 403, 403, 200],
    }
    before = ""
    for group, answers in expected.items():
        if group:
            console.do("user", "groups", person.name, "--add", group)
        if before:
            console.do("user", "groups", person.name, "--remove", before)
        let_pass(DELAY)
        assert statuses(person, *paths) == answers, group
        before = group


def test_a_change_holds_within_a_fifth_of_a_second_on_many_connections(
    house: Deployment,
) -> None:
    """ASVS 8.3.2: both ways, also for people whose session has just been checked."""
    person, console = house.person(), CommandLine(house)
    headers = {"Cookie": person.client.ticket_cookie}

    def ask() -> int:
        return house.send("GET", "/articles", headers=headers).status

    for change, status in [("--add", 200), ("--remove", 403)] * 3:
        assert at_once([ask] * 8) == [403 if status == 200 else 200] * 8
        console.do("user", "groups", person.name, change, "editors")
        let_pass(DELAY)
        assert at_once([ask] * 8) == [status] * 8


def test_the_page_says_which_groups_are_missing(house: Deployment) -> None:
    """ASVS 8.3.1: 403 and a page for people, a problem for programs, the login for visitors."""
    person, visitor = house.person(), house.client()
    page = person.client.get("/articles?x=1", NAVIGATION)
    assert (page.status, page.media_type) == (403, "text/html")
    assert "editors" in page.text and "staff" in page.text
    assert_not_cached(page)
    problem = assert_problem(person.client.get("/articles", FETCH), 403, "forbidden")
    assert "editors" in str(problem["error"]) and "staff" in str(problem["error"])
    assert visitor.get("/articles?x=1", NAVIGATION).return_path == "/articles?x=1"
    assert_refused(visitor.get("/articles", FETCH))


def test_a_policy_that_is_not_known_lets_nobody_in(house: Deployment) -> None:
    """ASVS 8.3.1: default deny, also for administrators, and also a name that nginx refuses."""
    person = house.person()
    groups = ("admin", "editors", "staff", "nobody-defined-this", "Editors")
    CommandLine(house).do("user", "groups", person.name, *(f"--add={name}" for name in groups))
    let_pass(DELAY)
    assert statuses(person, "/articles", "/staff") == [200, 200]
    for path, status in (("/nowhere", 403), ("/odd", 500)):
        page = person.client.get(path, NAVIGATION)
        assert (page.status, page.media_type) == (status, "text/html")
        assert person.name not in page.text
        assert person.client.get(path, FETCH).status == status
    check = house.ask(fastcgi.check("nobody-defined-this", person.client.ticket_cookie))
    assert (check.status, check.header("X-Auth-Reason")) == (403, "unknown-policy")


def test_groups_come_to_the_application_as_the_account_has_them(house: Deployment) -> None:
    """ASVS 4.1.3: one header with commas, which no name of a group can forge."""
    person = house.person()
    CommandLine(house).do("user", "groups", person.name, "--add=staff", "--add=editors")
    let_pass(DELAY)
    answer = house.ask(fastcgi.check("editors", person.client.ticket_cookie))
    assert answer.status == 204
    assert sorted((answer.header("X-Auth-Groups") or "").split(",")) == ["editors", "staff"]


@pytest.mark.parametrize("group", HOSTILE.values(), ids=HOSTILE)
def test_names_that_could_be_taken_for_others_are_refused(
    site: Deployment, person: Person, group: str
) -> None:
    """By the command line and for a new account; test_administration_input has the API."""
    console, name = CommandLine(site), new_name()
    console.refused("user", "groups", person.name, f"--add={group}")
    password = site.secrets.password() + "\n"
    console.refused("user", "add", name, f"--group={group}", given=password)
    assert "no account" in console.refused("user", "show", name)
    assert person.client.get("/me").json()["groups"] == []


def refuses(site: Deployment, policy: Any) -> bool:
    """Whether settings with a policy are refused, with the key that is wrong."""
    site.settings["policies"] = {"editors": policy}
    site.rewrite_settings()
    outcome = CommandLine(site).run("config", "check")
    return outcome.status == 78 and "policies" in outcome.error


def test_policies_that_could_not_be_meant_are_refused(deploy: Deploy) -> None:
    """A mistake in a policy starts nothing, rather than opening a place."""
    site = deploy(with_gateway=False)
    assert not refuses(site, EDITORS) and not refuses(site, PAYROLL)
    for name in HOSTILE.values():
        assert refuses(site, {"groups": ["staff", name]}), name
    # A list of nobody would be no rule about groups, and open the place to everybody.
    wrong: list[Any] = [
        *({"groups": []}, {"groups": [], "max-age": "10m"}),
        *({}, None, [], "staff", {"group": ["staff"]}, {"groups": "staff"}, {"max-age": "0s"}),
        *({"max-age": "soon"}, {"groups": ["staff"], "path": "/x"}, {"groups": [["staff"]]}),
    ]
    for policy in wrong:
        assert refuses(site, policy), policy
    del site.settings["policies"]
    site.rewrite_settings()
