"""The password again: where a policy or a sensitive action wants a newer proof."""

from __future__ import annotations

from typing import Any

import pytest

from support import fastcgi
from support.checks import assert_not_cached, assert_problem, assert_refused, assert_session_cookie
from support.clock import within_a_second
from support.command_line import administrator
from support.curl import FETCH, HTML, NAVIGATION, Curl
from support.deployment import Deploy, Deployment, Person
from support.gateway import Gateway
from support.names import new_name
from support.pages import form_for
from support.parallel import status_of
from support.response import Response
from support.stale import make_stale, move_proof
from support.waiting import wait_until

SAME_ORIGIN = NAVIGATION | {"Sec-Fetch-Site": "same-origin"}
# Long enough to do something in it, short enough to wait for its end.
MAX_AGE = "2s"
REAUTHENTICATION = "reauthentication-required"
PLACE = "/fresh?tab=a%20b&x=%2Fy"


def guarded(deploy: Deploy) -> Deployment:
    """A site with a place for which the password may be two seconds old."""
    site = deploy({"policies": {"fresh": {"max-age": MAX_AGE}}}, with_gateway=False)
    site.gateway = Gateway(site.folder / "nginx", site.port, site.socket)
    site.gateway.guard("/fresh", "fresh")
    site.gateway.start()
    return site


def wait_until_stale(person: Person) -> None:
    """Waits until the policy wants the password again."""
    wait_until(
        lambda: person.client.get("/fresh", NAVIGATION).status == 303,
        "the proof to be too old",
        timeout=6,
    )


def test_a_stale_navigation_asks_for_the_password_and_goes_on_where_it_was(
    deploy: Deploy,
) -> None:
    """ASVS 7.5.3 and 7.2.4: step-up for a place, to the very URL, with a new ticket."""
    site = guarded(deploy)

    def begin(_: None) -> tuple[Person, int]:
        person = site.person()
        return person, person.client.get(PLACE, NAVIGATION).status

    person, status = within_a_second(lambda: None, begin)
    client = person.client
    assert status == 200, "a proof of this moment is new enough"
    wait_until_stale(person)
    asked = client.get(PLACE, NAVIGATION)
    assert (asked.status, asked.return_path) == (303, PLACE)
    assert asked.location.startswith("/reauthenticate?next=%2F") and "&" not in asked.location
    assert_not_cached(asked)
    page = client.get(asked.location, NAVIGATION)
    form = form_for(page.text, "/reauthenticate")
    assert page.status == 200 and form.types["password"] == "password"
    assert form.fields["next"] == PLACE and form.fields["username"] == person.name
    old = client.ticket_cookie
    wrong = site.secrets.password()
    refused = client.post_form("/reauthenticate", form.fields | {"password": wrong}, SAME_ORIGIN)
    assert (refused.status, refused.media_type) == (401, "text/html")
    assert "The password is wrong." in refused.text and wrong not in refused.text
    assert form_for(refused.text, "/reauthenticate").fields["next"] == PLACE
    assert client.ticket_cookie == old and client.get(PLACE, NAVIGATION).status == 303

    def prove(right: dict[str, str]) -> tuple[Response, Response]:
        answer = client.post_form("/reauthenticate", right, SAME_ORIGIN)
        return answer, client.get(answer.location, NAVIGATION)

    answer, shown = within_a_second(lambda: form.fields | {"password": person.password}, prove)
    assert (answer.status, answer.location) == (303, PLACE)
    assert_session_cookie(answer)
    assert (client.ticket_cookie != old, status_of(site, old)) == (True, 401)
    assert shown.status == 200 and person.name in shown.text


def test_other_places_do_not_ask_and_programs_are_told_why(deploy: Deploy) -> None:
    """ASVS 7.5.3: a script gets no page that it cannot use, but the reason."""
    site = guarded(deploy)
    person = site.person()
    wait_until_stale(person)
    for headers in (FETCH, {"Accept": "application/json"}, {"Accept": "*/*"}):
        answer = person.client.get(PLACE, headers)
        assert_problem(answer, 403, REAUTHENTICATION)
        assert answer.header("Location") is None
        assert_not_cached(answer)
    check = site.ask(fastcgi.check("fresh", person.client.ticket_cookie))
    assert (check.status, check.header("X-Auth-Reason")) == (401, "reauthenticate")
    assert check.header("X-Auth-User") is None
    assert person.client.get("/dashboard", NAVIGATION).status == 200
    assert person.client.get("/account", HTML).status == 200
    visitor = site.client()
    assert visitor.get(PLACE, NAVIGATION).location.startswith("/login?next=")
    assert_refused(visitor.get(PLACE, FETCH))

    def log_in(visitor: Curl) -> list[int]:
        answer = visitor.log_in(person.name, person.password)
        return [answer.status, visitor.get(PLACE, NAVIGATION).status]

    def prove(proof: dict[str, str]) -> list[int]:
        answer = person.client.post_json("/reauthenticate", proof)
        return [answer.status, person.client.get(PLACE, FETCH).status]

    assert within_a_second(lambda: visitor, log_in) == [200, 200], "a login is a proof too"
    assert within_a_second(lambda: {"password": person.password}, prove) == [204, 200]


def test_the_page_wants_a_session_and_leads_nowhere_else(site: Deployment, person: Person) -> None:
    """ASVS 3.7.2: `next` stays on this site; 3.5.1: no other site proves anything."""
    visitor = site.client()
    assert visitor.get("/reauthenticate?next=/dashboard", NAVIGATION).location.startswith("/login")
    assert_refused(visitor.post_json("/reauthenticate", {"password": person.password}))
    for bad in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x"):
        form = {"password": person.password, "next": bad}
        answer = person.client.post_form("/reauthenticate", form, SAME_ORIGIN)
        assert (answer.status, answer.location) == (303, "/account")
    evil = NAVIGATION | {"Sec-Fetch-Site": "cross-site"}
    cookie = person.client.ticket_cookie
    answer = person.client.post_form("/reauthenticate", {"password": person.password}, evil)
    assert (answer.status, answer.session_cookie) == (403, None)
    assert status_of(site, cookie) == 200
    assert_problem(person.client.post_json("/reauthenticate", {}), 401, "invalid-credentials")


MINE: list[tuple[str, str, dict[str, bool] | None]] = [
    ("DELETE", "/account", None),
    ("DELETE", "/sessions", None),
    ("DELETE", "/sessions/{session}", None),
    ("POST", "/sessions/{session}/end", {}),
    ("POST", "/sessions/end-others", {}),
    ("POST", "/account/delete", {"confirm": True}),
]


@pytest.mark.parametrize("prefix", ["", "/api"])
def test_sensitive_actions_of_mine_want_a_new_proof(
    site: Deployment, person: Person, prefix: str
) -> None:
    """ASVS 7.5.2 and 7.5.3: ending sessions and deleting, as JSON and as form."""
    other = site.client()
    assert other.log_in(person.name, person.password).status == 200
    session = other.get("/me").json()["session"]["id"]
    make_stale(site, person)
    for method, path, form in MINE:
        target = prefix + path.replace("{session}", session)
        answer = person.client.request(method, target, json=form)
        assert_problem(answer, 403, REAUTHENTICATION)
        if form is not None and not prefix:
            posted = person.client.post_form(target, form, SAME_ORIGIN)
            assert posted.status == 303 and posted.location.startswith("/reauthenticate?next=")
            back = posted.return_path
            assert back in ("/account/delete", "/account", "/sessions"), back
    assert [c.get("/me").status for c in (person.client, other)] == [200, 200]
    proof = {"password": person.password}
    assert person.client.post_json(f"{prefix}/reauthenticate", proof).status == 204
    for method, path, form in MINE[2:]:
        target = prefix + path.replace("{session}", session)
        assert person.client.request(method, target, json=form).status in (204, 404), target
    assert_refused(other.get("/me"))
    assert_refused(person.client.get("/me"))


def test_a_form_goes_back_to_its_page_after_the_proof(site: Deployment, person: Person) -> None:
    """ASVS 7.5.3: nothing is done by the proof alone; the button is pressed again."""
    other = site.client()
    assert other.log_in(person.name, person.password).status == 200
    make_stale(site, person)
    posted = person.client.post_form("/sessions/end-others", {}, SAME_ORIGIN)
    page = person.client.get(posted.location, NAVIGATION)
    fields = form_for(page.text, "/reauthenticate").fields | {"password": person.password}
    answer = person.client.post_form("/reauthenticate", fields, SAME_ORIGIN)
    for _ in range(3):
        if answer.status == 303:
            answer = person.client.get(answer.location, NAVIGATION)
    assert answer.status == 200 and "Your devices" in answer.text
    assert other.get("/me").status == 200
    assert person.client.post_form("/sessions/end-others", {}, SAME_ORIGIN).status == 303
    assert_refused(other.get("/me"))


def test_the_current_password_is_proof_enough_to_change_it(
    site: Deployment, person: Person
) -> None:
    """ASVS 6.2.3: the form asks for it itself, so nobody is asked twice."""
    make_stale(site, person)
    new = site.secrets.password()
    change: dict[str, Any] = {"current": person.password, "new": new}
    assert person.client.post_json("/password", change).status == 204
    assert person.client.request("DELETE", "/sessions").status == 204, "and is a proof"


def test_administration_wants_a_new_proof(site: Deployment, person: Person) -> None:
    """ASVS 7.5.3: for everything but reading lists as JSON."""
    admin = administrator(site)
    user = person.client.get("/me").json()["id"]
    make_stale(site, admin)
    changes: list[tuple[str, str, Any]] = [
        ("POST", "/users", {"username": new_name()}),
        ("PATCH", f"/users/{user}", {"groups": ["admin"]}),
        ("DELETE", f"/users/{user}", None),
        ("POST", f"/users/{user}/link", {}),
        ("DELETE", f"/users/{user}/sessions", None),
    ]
    for method, path, body in changes:
        answer = admin.client.request(method, path, json=body)
        assert_problem(answer, 403, REAUTHENTICATION)
    assert [person.client.get("/me").json()[key] for key in ("groups", "role")] == [[], "user"]
    for path in ("/users", f"/users/{user}", f"/users/{user}/sessions"):
        assert admin.client.get(path).status == 200
    for path in ("/admin", f"/admin/users/{user}", "/admin?q=a%20b"):
        answer = admin.client.get(path, NAVIGATION)
        assert (answer.status, answer.return_path) == (303, path)
        assert answer.location.startswith("/reauthenticate")
    for act in ("groups", "disable", "sessions/end", "link", "delete"):
        form = {"groups": "admin", "confirm": "on"}
        answer = admin.client.post_form(f"/admin/users/{user}/{act}", form, SAME_ORIGIN)
        assert (answer.status, answer.return_path) == (303, f"/admin/users/{user}")
    assert_problem(person.client.request("DELETE", f"/users/{user}"), 403, "forbidden")
    proof = {"password": admin.password, "next": f"/admin/users/{user}"}
    answer = admin.client.post_form("/reauthenticate", proof, SAME_ORIGIN)
    assert (answer.status, answer.location) == (303, f"/admin/users/{user}")
    assert person.name in admin.client.get(answer.location, NAVIGATION).text
    assert admin.client.request("DELETE", f"/users/{user}").status == 204


def test_how_long_a_proof_counts_is_a_setting(deploy: Deploy) -> None:
    """ASVS 7.5.3: `session.fresh`, which a policy does not change."""
    site = deploy({"session.fresh": "30m", "policies": {"old": {"max-age": "10m"}}})
    person = site.person()
    check = fastcgi.check("old", person.client.ticket_cookie)
    move_proof(site, person, 1500)
    wait_until(lambda: site.ask(check).status == 401, "the policy to want a new proof")
    assert person.client.request("DELETE", "/sessions").status == 204
    make_stale(site, person, 600)
    assert_problem(person.client.request("DELETE", "/sessions"), 403, REAUTHENTICATION)
