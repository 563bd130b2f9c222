"""The client flows of the five small servers that Coatcheck grew out of, with curl.

They must work unchanged: each with its exact statuses, headers and bodies.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from support.checks import (
    CLEARED_COOKIE,
    PUBLIC_ID,
    TIME,
    assert_not_cached,
    assert_problem,
    assert_refused,
    assert_session_cookie,
)
from support.curl import HTML, NAVIGATION
from support.deployment import Deployment, Person
from support.names import new_address, new_name


@pytest.mark.parametrize("path", ["/signup", "/register", "/api/signup", "/api/register"])
def test_sign_up_answers_201_with_the_account_and_the_cookie(site: Deployment, path: str) -> None:
    """`register` is another name for `signup`, and both exist under /api."""
    client, name = site.client(), new_name()
    answer = client.post_json(path, {"username": name, "password": site.secrets.password()})
    assert answer.status == 201
    assert answer.media_type == "application/json"
    account = answer.json()
    assert PUBLIC_ID.fullmatch(account.pop("id"))
    assert account == {"username": name, "email": None, "role": "user", "groups": []}
    assert_session_cookie(answer)
    assert_not_cached(answer)
    assert client.get("/me").status == 200


@pytest.mark.parametrize("field", ["username", "email"])
def test_an_email_address_is_username_and_email_whichever_field_it_came_in(
    site: Deployment, field: str
) -> None:
    address, password = new_address(), site.secrets.password()
    account = site.client().post_json("/signup", {field: address, "password": password}).json()
    assert (account["username"], account["email"]) == (address, address)
    for other in ("username", "email"):
        answer = site.client().post_json("/login", {other: address, "password": password})
        assert answer.status == 200, f"login by {other}: {answer}"


def test_log_in_answers_the_user_and_sets_the_cookie_exactly(
    site: Deployment, person: Person
) -> None:
    """`__Host-`, Secure, HttpOnly, SameSite (ASVS 3.3.1 to 3.3.4), and only one Set-Cookie."""
    answer = site.client().log_in(person.name, person.password)
    assert answer.status == 200
    assert list(answer.json()) == ["user"]
    user = answer.json()["user"]
    assert user["username"] == person.name
    assert set(user) >= {"id", "username", "email", "role", "groups"}
    assert_session_cookie(answer, max_age=86400)
    assert_not_cached(answer)


def test_remember_me_lengthens_the_cookie_to_thirty_days(site: Deployment, person: Person) -> None:
    answer = site.client().log_in(person.name, person.password, remember=True)
    assert_session_cookie(answer, max_age=30 * 86400)
    form = {"username": person.name, "password": person.password, "remember": "on"}
    assert_session_cookie(site.client().post_form("/login", form), max_age=30 * 86400)


def test_me_tells_who_and_which_session_it_is(site: Deployment, person: Person) -> None:
    client = site.client("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
    user = client.log_in(person.name, person.password).json()["user"]
    answer = client.get("/me")
    assert answer.status == 200
    me = answer.json()
    session = me.pop("session")
    assert me == user
    assert PUBLIC_ID.fullmatch(session["id"])
    assert all(TIME.fullmatch(session[key]) for key in ("createdAt", "lastSeenAt", "expiresAt"))
    assert session["ip"] == client.source
    assert session["userAgent"] == client.agent
    assert session["device"] == "Firefox on Linux"
    assert session["current"] is True
    assert_not_cached(answer)


def test_phone_and_laptop_have_sessions_of_their_own_that_end_separately(
    site: Deployment, person: Person
) -> None:
    phone, laptop = site.client("phone/1"), site.client("laptop/1")
    for device in (phone, laptop):
        assert device.log_in(person.name, person.password).status == 200
    sessions = [device.get("/me").json()["session"] for device in (phone, laptop)]
    assert sessions[0]["id"] != sessions[1]["id"]
    assert phone.request("POST", "/logout").status == 204
    assert_refused(phone.get("/me"))
    assert laptop.get("/me").json()["session"]["id"] == sessions[1]["id"]
    assert laptop.request("DELETE", "/logout").status == 204
    assert_refused(laptop.get("/me"))


def test_a_posted_form_logs_in_with_303_to_the_protected_page(
    site: Deployment, person: Person
) -> None:
    client = site.client()
    form = {"username": person.name, "password": person.password, "next": "/dashboard"}
    answer = client.post_form("/login", form)
    assert (answer.status, answer.location) == (303, "/dashboard")
    assert_session_cookie(answer)
    page = client.get("/dashboard", HTML)
    assert page.status == 200
    assert person.name in page.text
    logout = client.post_form("/logout", {})
    assert (logout.status, logout.location.split("?")[0]) == (303, "/login")
    assert client.get("/dashboard", HTML).status == 303


def test_a_posted_form_without_next_goes_to_the_account(site: Deployment, person: Person) -> None:
    form = {"username": person.name, "password": person.password}
    answer = site.client().post_form("/login", form)
    assert (answer.status, answer.location) == (303, "/account")
    new = {"username": new_name(), "password": site.secrets.password()}
    answer = site.client().post_form("/signup", new)
    assert (answer.status, answer.location) == (303, "/account")


def test_a_posted_form_with_wrong_credentials_gets_the_page_again_with_401(
    site: Deployment, person: Person
) -> None:
    wrong = site.secrets.password()
    client = site.client()
    answer = client.post_form("/login", {"username": person.name, "password": wrong})
    assert answer.status == 401
    assert answer.header("Content-Type") == "text/html; charset=utf-8"
    assert person.name in answer.text, "the name that was typed is kept"
    assert wrong not in answer.text, "the password that was typed is not"
    assert not client.cookies


def test_register_login_me_and_delete_logout_work_under_api(site: Deployment) -> None:
    """401 before and after, JSON all the way, even for somebody who would accept HTML."""
    client, name, password = site.client(), new_name(), site.secrets.password()
    credentials = {"username": name, "password": password}
    assert_refused(client.get("/api/me", HTML))
    assert client.post_json("/api/register", credentials, HTML).status == 201
    assert client.request("DELETE", "/api/logout", headers=HTML).status == 204
    answer = client.post_json("/api/login", credentials, HTML)
    assert answer.status == 200
    assert answer.json()["user"]["username"] == name
    assert client.get("/api/me", HTML).json()["username"] == name
    logout = client.request("DELETE", "/api/logout", headers=HTML)
    assert (logout.status, logout.body) == (204, b"")
    assert_refused(client.get("/api/me", HTML))


def test_a_form_is_taken_under_api_and_answered_in_json(site: Deployment) -> None:
    name, password = new_name(), site.secrets.password()
    answer = site.client().post_form("/api/register", {"username": name, "password": password})
    assert answer.status == 201
    assert answer.json()["username"] == name


def test_an_old_cookie_pasted_back_after_logout_is_refused(
    site: Deployment, person: Person
) -> None:
    """ASVS 7.4.1: the record is gone, so the ticket opens nothing."""
    cookie = person.client.ticket_cookie
    thief = site.client()
    assert thief.get("/me", {"Cookie": cookie}).status == 200
    assert person.client.request("POST", "/logout").status == 204
    assert_refused(thief.get("/me", {"Cookie": cookie}))
    assert thief.get("/dashboard", {"Cookie": cookie} | NAVIGATION).status == 303
    assert thief.get("/account", {"Cookie": cookie} | NAVIGATION).status == 303


def test_logout_clears_the_cookie_and_the_cache(site: Deployment, person: Person) -> None:
    """ASVS 14.3.1: Clear-Site-Data, and a cookie with the attributes of the one it replaces."""
    for method in ("POST", "DELETE"):
        client = site.client()
        client.log_in(person.name, person.password)
        answer = client.request(method, "/logout")
        assert (answer.status, answer.body) == (204, b"")
        assert answer.session_cookie == CLEARED_COOKIE
        assert '"cache"' in (answer.header("Clear-Site-Data") or "")
        assert list(client.cookies) in ([], ["__Host-device"]), "curl has dropped the session"


def test_logout_without_a_session_succeeds(site: Deployment) -> None:
    assert site.client().request("POST", "/logout").status == 204
    assert site.client().request("DELETE", "/logout").status == 204
    answer = site.client().post_form("/logout", {})
    assert (answer.status, answer.location.split("?")[0]) == (303, "/login")


def test_login_me_logout_me_in_four_curl_lines(
    site: Deployment, person: Person, tmp_path: Path
) -> None:
    """As a person types them: default options, one cookie jar."""
    (tmp_path / "body.json").write_text(
        f'{{"username": "{person.name}", "password": "{person.password}"}}'
    )
    curl = "curl -ks --interface 127.200.0.1 -b jar -c jar -o /dev/null -w '%{http_code}\\n'"
    script = f"""
    {curl} {site.base}/login -H 'Content-Type: application/json' -d @body.json
    {curl} {site.base}/me
    {curl} {site.base}/logout -X POST
    {curl} {site.base}/me
    """
    result = subprocess.run(["sh", "-c", script], cwd=tmp_path, capture_output=True, text=True)
    assert result.stdout.split() == ["200", "200", "204", "401"]


def test_a_new_login_in_the_same_browser_gives_a_new_ticket_and_ends_the_old(
    site: Deployment, person: Person
) -> None:
    """ASVS 7.2.4: a new token at login, the old one dead."""
    client = person.client
    old = client.ticket_cookie
    assert client.log_in(person.name, person.password).status == 200
    assert client.ticket_cookie != old
    assert client.get("/me").status == 200
    assert_refused(site.client().get("/me", {"Cookie": old}))


def test_names_are_compared_after_folding_but_shown_as_typed(site: Deployment) -> None:
    name, password = "Zoë" + new_name("-P"), site.secrets.password()
    assert site.client().sign_up(name, password).json()["username"] == name
    answer = site.client().log_in(name.upper(), password)
    assert answer.json()["user"]["username"] == name
    fullwidth = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in name)
    assert site.client().log_in(fullwidth, password).status == 200
    taken = site.client().sign_up(name.lower(), site.secrets.password())
    assert_problem(taken, 409, "username-taken")


def test_passwords_are_verified_exactly(site: Deployment) -> None:
    """ASVS 6.2.8 and 6.2.9: no truncation, no change of case, no trimming, well over 64."""
    password = site.secrets.add(" Ünder the sixth lantern, " + "q" * 120 + "Z ")
    name = new_name()
    assert site.client().sign_up(name, password).status == 201
    assert site.client().log_in(name, password).status == 200
    for wrong in (password[:-2] + "X ", password.lower(), password.strip(), password[:72]):
        assert_problem(site.client().log_in(name, wrong), 401, "invalid-credentials")


def test_a_taken_name_is_409_and_names_the_field(site: Deployment, person: Person) -> None:
    answer = site.client().sign_up(person.name, site.secrets.password())
    problem = assert_problem(answer, 409, "username-taken")
    assert [issue["path"] for issue in problem["issues"]] == ["username"]
    assert answer.header("Set-Cookie") is None
    form = {"username": person.name, "password": site.secrets.password()}
    page = site.client().post_form("/signup", form)
    assert page.status == 409
    assert page.media_type == "text/html"
    assert person.client.log_in(person.name, person.password).status == 200


def test_the_pages_for_signing_in_send_somebody_with_a_session_on(person: Person) -> None:
    for path, target in [
        ("/login", "/account"),
        ("/signup", "/account"),
        ("/login?next=%2Fdashboard%3Fa%3D1", "/dashboard?a=1"),
    ]:
        answer = person.client.get(path, NAVIGATION)
        assert (answer.status, answer.location) == (303, target)


def test_the_account_page_shows_the_person_and_a_way_out(person: Person) -> None:
    """ASVS 7.4.4: log out is on every page that needs a session."""
    page = person.client.get("/account", HTML)
    assert page.status == 200
    assert page.header("Content-Type") == "text/html; charset=utf-8"
    assert person.name in page.text
    assert 'action="/logout"' in page.text
    assert_not_cached(page)


def test_the_account_page_asks_for_a_login_first(site: Deployment) -> None:
    answer = site.client().get("/account", NAVIGATION)
    assert answer.status == 303
    assert answer.location.split("?")[0] == "/login"
    assert answer.return_path == "/account"
    assert_refused(site.client().get("/account", {"Accept": "application/json"}))
