"""Mounted at /auth: every link, redirect and cookie follows, by nginx settings alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support import wire
from support.checks import assert_refused
from support.curl import HTML, NAVIGATION, Curl
from support.deployment import Deployment
from support.names import new_name
from support.pages import actions, form_for, links


@pytest.fixture(scope="module")
def mounted(tools: None) -> Iterator[Deployment]:
    """A Coatcheck mounted at /auth, whose cookie path follows the mount."""
    with Deployment(mount="/auth") as deployment:
        yield deployment


@pytest.fixture(scope="module")
def shared(tools: None) -> Iterator[Deployment]:
    """A Coatcheck mounted at /auth that guards pages outside the mount too."""
    with Deployment({"cookie.path": "/"}, mount="/auth") as deployment:
        yield deployment


def outside(deployment: Deployment) -> Curl:
    """A curl that names whole paths, also those outside the mount."""
    client = deployment.client()
    client.base = deployment.base
    return client


def test_links_and_forms_stay_under_the_mount(mounted: Deployment) -> None:
    for path in ("/login", "/signup", "/login?next=%2Fdashboard", "/nothing"):
        page = mounted.client().get(path, HTML)
        for link in links(page.text) + actions(page.text):
            assert link.startswith(("/auth/", "#")) or link == "/auth", f"{path} leads to {link}"


def test_the_style_sheet_is_under_the_mount(mounted: Deployment) -> None:
    assert mounted.client().get("/static/style.css").status == 200


def test_redirects_and_the_cookie_follow_the_mount(mounted: Deployment) -> None:
    """`__Host-` needs Path=/, so under a mount the prefix is `__Secure-`."""
    client, name, password = mounted.client(), new_name(), mounted.secrets.password()
    form = {"username": name, "password": password}
    answer = client.post_form("/signup", form, HTML)
    assert (answer.status, answer.location) == (303, "/auth/account")
    cookie = answer.session_cookie or ""
    assert cookie.startswith("__Secure-session=")
    assert cookie.endswith("; Path=/auth; Secure; HttpOnly; SameSite=Lax; Max-Age=86400")
    assert client.get("/account", HTML).status == 200
    assert client.get("/me").status == 200
    assert client.get("/api/me").status == 200
    logout = client.post_form("/logout", {}, HTML)
    assert (logout.status, logout.location.split("?")[0]) == (303, "/auth/login")
    cleared = "__Secure-session=; Path=/auth; Secure; HttpOnly; SameSite=Lax; Max-Age=0"
    assert logout.session_cookie == cleared
    assert_refused(client.get("/me"))
    answer = client.get("/account", NAVIGATION)
    assert answer.location.split("?")[0] == "/auth/login"
    assert answer.return_path == "/auth/account"


def test_the_routes_are_not_there_outside_the_mount(mounted: Deployment) -> None:
    client = outside(mounted)
    for path in ("/login", "/signup", "/me", "/api/me", "/account", "/authlogin", "/authme"):
        assert client.get(path, HTML).status == 404, path


def test_the_browser_keeps_the_cookie_to_the_mount(mounted: Deployment) -> None:
    client = mounted.client()
    client.sign_up(new_name(), mounted.secrets.password())
    client.base = mounted.base
    assert client.get("/auth/me").status == 200
    answer = client.get("/dashboard", NAVIGATION)
    assert answer.status == 303
    assert answer.location.startswith("/auth/login?next=%2Fdashboard")


def test_with_the_cookie_at_the_root_guarded_pages_elsewhere_open(shared: Deployment) -> None:
    client, name, password = outside(shared), new_name(), shared.secrets.password()
    created = client.post_json("/auth/signup", {"username": name, "password": password})
    assert created.status == 201
    assert "; Path=/;" in (created.session_cookie or "")
    client.request("POST", "/auth/logout")
    original = "/products?a=1&b=2"
    login = client.get(client.get(original, NAVIGATION).location, NAVIGATION)
    fields = form_for(login.text, "/auth/login").fields
    fields |= {"username": name, "password": password}
    fields.pop("remember", None)
    answer = client.post_form("/auth/login", fields, HTML)
    assert (answer.status, answer.location) == (303, original)
    page = client.get(original, NAVIGATION)
    assert page.status == 200
    assert name in page.text


@pytest.mark.parametrize("path", ["/auth", "/auth/"])
def test_the_bare_mount_leads_somewhere_useful(mounted: Deployment, path: str) -> None:
    answer = wire.get(mounted.port, path, {"Accept": "text/html"})
    assert answer is not None
    assert answer.status in (200, 301, 302, 303, 308, 404), str(answer)
    if answer.status in (301, 302, 303, 308):
        assert "/auth/" in answer.location
