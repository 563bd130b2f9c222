"""The pages for administrators, by the forms that they hold, as a browser without scripts."""

from __future__ import annotations

import html
from urllib.parse import parse_qs, urlsplit

import pytest

from support.checks import assert_not_cached, assert_problem
from support.command_line import administrator
from support.curl import NAVIGATION
from support.deployment import Deploy, Deployment, Person
from support.names import new_address, new_name
from support.pages import actions, form_for, links
from support.response import Response
from support.waiting import wait_until

POSTING = NAVIGATION | {"Sec-Fetch-Site": "same-origin"}
FORMS = ["groups", "disable", "enable", "sessions/end", "link", "delete"]


@pytest.fixture(scope="module")
def admin(site: Deployment) -> Person:
    """One administrator of the shared site."""
    return administrator(site)


@pytest.fixture
def page(person: Person) -> str:
    """The page of somebody to be administered."""
    return f"/admin/users/{person.client.get('/me').json()['id']}"


def open_page(admin: Person, path: str) -> Response:
    """A page that must be there, whole and not kept by anybody."""
    answer = admin.client.get(path, NAVIGATION)
    assert answer.status == 200, str(answer)
    assert answer.text.startswith("<!DOCTYPE html>"), f"before the page: {answer.text[:80]!r}"
    assert_not_cached(answer)
    return answer


def press(admin: Person, path: str, action: str, **typed: str) -> Response:
    """Opens a page, fills in one of its forms and presses its button."""
    form = form_for(open_page(admin, path).text, action)
    ticked = {n: v for n, v in form.fields.items() if form.types[n] != "checkbox"}
    return admin.client.post_form(action, ticked | typed, POSTING)


def follow(admin: Person, answer: Response) -> str:
    """The page to which a form leads."""
    assert answer.status == 303, str(answer)
    return html.unescape(open_page(admin, answer.location).text)


def shown_link(page: str) -> str:
    """The secret of the link that a page shows."""
    value = page.split('id="link" rows="3" readonly>')[1].split("<")[0]
    return parse_qs(urlsplit(html.unescape(value)).query)["token"][0]


def test_a_visitor_is_sent_to_the_login_and_comes_back(site: Deployment, page: str) -> None:
    """An administrator's page opened by a visitor: login."""
    for path in ("/admin", f"{page}?done=enabled"):
        answer = site.client().get(path, NAVIGATION)
        assert (answer.status, answer.return_path) == (303, path)


def test_a_user_gets_a_403_page_that_says_what_is_missing(person: Person, page: str) -> None:
    """ASVS 8.3.1: an administrator's page opened by a user, even their own."""
    answers = [person.client.get(path, NAVIGATION) for path in ("/admin", page)]
    answers += [person.client.post_form(f"{page}/{form}", {}, POSTING) for form in FORMS]
    answers.append(person.client.post_form("/admin/users", {"username": new_name()}, POSTING))
    for answer in answers:
        assert (answer.status, answer.media_type) == (403, "text/html"), str(answer)
        assert "group admin" in answer.text
        assert not any(action.startswith("/admin") for action in actions(answer.text))
    assert person.client.get("/me").status == 200


def test_a_form_of_another_site_is_refused(admin: Person, person: Person, page: str) -> None:
    """ASVS 3.5.1, CS-CSRF: by Sec-Fetch-Site, and by Origin where a browser sends only that."""
    for headers in (
        NAVIGATION | {"Sec-Fetch-Site": "cross-site"},
        NAVIGATION | {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ):
        for form in FORMS:
            answer = admin.client.post_form(f"{page}/{form}", {"confirm": "on"}, headers)
            assert answer.status == 403, f"{form} with {headers}: {answer}"
    assert person.client.get("/me").json()["groups"] == []


@pytest.mark.parametrize("form", FORMS)
def test_nothing_is_done_by_get(admin: Person, person: Person, page: str, form: str) -> None:
    """ASVS 3.5.3."""
    assert admin.client.get(f"{page}/{form}?confirm=on", NAVIGATION).status in (404, 405)
    assert person.client.get("/me").status == 200


def test_an_account_is_made_and_its_owner_sets_the_password(
    site: Deployment, admin: Person
) -> None:
    """ASVS 6.4.1 and 6.4.6; the link is shown once."""
    address = new_address()
    answer = press(admin, "/admin", "/admin/users", username=address, groups="staff, x")
    assert answer.status == 200, str(answer)
    assert answer.text.startswith("<!DOCTYPE html>"), answer.text[:80]
    assert_not_cached(answer)
    assert address in answer.text
    secret = site.secrets.add(shown_link(answer.text))
    assert secret not in open_page(admin, "/admin").text
    owner, password = site.client(), site.secrets.password()
    target = f"/set-password?token={secret}"
    form = form_for(owner.get(target, NAVIGATION).text, "/set-password")
    assert form.types["password"] == "password"
    done = owner.post_form("/set-password", form.fields | {"password": password}, POSTING)
    assert done.status == 200 and form_for(done.text, "/login")
    assert owner.get(target, NAVIGATION).status == 404
    assert owner.log_in(address, password).status == 200
    assert owner.get("/me").json()["groups"] == ["staff", "x"]


def test_what_was_typed_wrong_is_said_and_kept_as_text(admin: Person, person: Person) -> None:
    """ASVS 1.2.1: what comes back stands there as text."""
    hostile = '"><script>alert(1)</script>'
    taken = press(admin, "/admin", "/admin/users", username=person.name, groups="staff")
    assert taken.status == 409 and "taken" in taken.text
    assert form_for(taken.text, "/admin/users").fields["groups"] == "staff"
    wrong = press(admin, "/admin", "/admin/users", username=new_name(), groups=hostile)
    assert wrong.status == 400
    assert "<script>" not in wrong.text
    assert form_for(wrong.text, "/admin/users").fields["groups"] == hostile
    found = open_page(admin, "/admin?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E")
    assert "<script>" not in found.text


def test_groups_are_changed_and_hold_at_the_next_request(
    admin: Person, person: Person, page: str
) -> None:
    """ASVS 8.3.2."""
    answer = press(admin, page, f"{page}/groups", groups="staff, admin")
    follow(admin, answer)
    assert person.client.get("/staff", NAVIGATION).status == 200
    form = form_for(open_page(admin, page).text, f"{page}/groups")
    assert form.fields["groups"].replace(",", " ").split() == ["admin", "staff"]
    follow(admin, press(admin, page, f"{page}/groups", groups=""))
    assert person.client.get("/staff", NAVIGATION).status == 403


def test_a_form_that_is_older_than_a_change_is_409(
    admin: Person, person: Person, page: str
) -> None:
    """Two administrators with the same page open: the second is told, nothing is lost."""
    stale = form_for(open_page(admin, page).text, f"{page}/groups").fields
    follow(admin, press(admin, page, f"{page}/groups", groups="first"))
    for action, fields in (("groups", {"groups": "second"}), ("disable", {})):
        answer = admin.client.post_form(f"{page}/{action}", stale | fields, POSTING)
        assert (answer.status, answer.media_type) == (409, "text/html")
        assert 'role="alert"' in answer.text
    assert person.client.get("/me").json()["groups"] == ["first"]


def test_disable_and_enable(site: Deployment, admin: Person, person: Person, page: str) -> None:
    """ASVS 7.4.2."""
    text = follow(admin, press(admin, page, f"{page}/disable"))
    assert 'role="status"' in text and "Not logged in anywhere" in text
    assert person.client.get("/dashboard", NAVIGATION).status == 303
    assert site.client().log_in(person.name, person.password).status == 401
    assert f"{page}/disable" not in actions(text), "only what makes sense is offered"
    follow(admin, press(admin, page, f"{page}/enable"))
    assert site.client().log_in(person.name, person.password).status == 200


def test_sessions_are_shown_and_ended(
    site: Deployment, admin: Person, person: Person, page: str
) -> None:
    """ASVS 7.4.5: the device in words, its address, and an end to all of them."""
    phone = site.client("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
    assert phone.log_in(person.name, person.password).status == 200
    text = open_page(admin, page).text
    assert "Firefox on Linux" in text and phone.source in text
    follow(admin, press(admin, page, f"{page}/sessions/end"))
    for client in (phone, person.client):
        assert client.get("/me").status == 401


def test_a_new_link_is_shown_once_and_replaces_the_password(
    site: Deployment, admin: Person, person: Person, page: str
) -> None:
    answer = press(admin, page, f"{page}/link")
    assert answer.status == 200
    assert_not_cached(answer)
    secret, password = site.secrets.add(shown_link(answer.text)), site.secrets.password()
    assert secret not in open_page(admin, page).text
    fields = {"token": secret, "password": password}
    assert site.client().post_json("/set-password", fields).status == 204
    assert person.client.get("/me").status == 401, "whoever was in is out (ASVS 7.4.3)"
    assert site.client().log_in(person.name, person.password).status == 401
    assert site.client().log_in(person.name, password).status == 200


def test_deleting_needs_the_tick(admin: Person, person: Person, page: str) -> None:
    answer = press(admin, page, f"{page}/delete")
    assert (answer.status, answer.media_type) == (400, "text/html")
    assert person.client.get("/me").status == 200
    answer = press(admin, page, f"{page}/delete", confirm="on")
    assert (answer.status, answer.location) == (303, "/admin")
    assert person.client.get("/me").status == 401
    gone = admin.client.get(page, NAVIGATION)
    assert (gone.status, gone.media_type) == (404, "text/html")


def test_the_list_is_paged_and_searched_by_its_own_links(admin: Person) -> None:
    mark = new_name("listed")
    made = [f"{mark}-{n:02}" for n in range(60)]
    for name in made:
        assert admin.client.post_json("/users", {"username": name}).status == 201
    first = open_page(admin, f"/admin?q={mark}").text
    more = [link for link in links(first) if "after=" in link]
    assert len(more) == 1, more
    second = open_page(admin, more[0]).text
    shown = [name for name in made if f">{name}<" in first]
    rest = [name for name in made if f">{name}<" in second]
    assert shown + rest == made and len(shown) == 50
    assert not any("after=" in link for link in links(second)), "the last page is the last"
    assert "No account was found" in open_page(admin, f"/admin?q={mark}-none").text


def test_pages_and_actions_ask_for_the_password_after_a_while(deploy: Deploy) -> None:
    """ASVS 7.5.3: step-up for administration, and on to where it was."""
    site = deploy({"session.fresh": "10s"})
    admin, person = administrator(site), site.person()
    page = f"/admin/users/{person.client.get('/me').json()['id']}"
    fields = form_for(open_page(admin, page).text, f"{page}/disable").fields
    answer = wait_until(
        lambda: next(
            (a for a in [admin.client.get(page, NAVIGATION)] if a.status != 200), None
        ),
        "the proof to grow old",
        timeout=20,
        interval=0.5,
    )
    assert (answer.status, answer.return_path) == (303, page)
    assert urlsplit(answer.location).path == "/reauthenticate"
    late = admin.client.post_form(f"{page}/disable", fields, POSTING)
    assert (late.status, late.return_path) == (303, page), "leads to the page of the form"
    assert person.client.get("/me").status == 200
    api = admin.client.request("DELETE", page.replace("/admin", ""))
    assert_problem(api, 403, "reauthentication-required")
    asked = admin.client.get(answer.location, NAVIGATION)
    form = form_for(asked.text, "/reauthenticate").fields
    again = admin.client.post_form(
        "/reauthenticate", form | {"password": admin.password}, POSTING
    )
    assert (again.status, again.location) == (303, page)
    assert "active" in open_page(admin, page).text


def test_the_last_administrator_is_told_on_the_page(deploy: Deploy) -> None:
    site = deploy(mount="/auth")
    admin = administrator(site)
    page = f"/admin/users/{admin.client.get('/me').json()['id']}"
    for form, typed in (("groups", {"groups": ""}), ("disable", {}), ("delete", {"confirm": "on"})):
        answer = admin.client.post_form(f"{page}/{form}", typed, POSTING)
        assert (answer.status, answer.media_type) == (409, "text/html"), form
        assert "only account in the group admin" in answer.text
    assert admin.client.get("/admin", NAVIGATION).status == 200
