"""Where a login may lead: nowhere but this site and the hosts of the allow-list (ASVS 3.7.2)."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest

from support.curl import HTML, NAVIGATION
from support.deployment import Deploy, Deployment, Person
from support.pages import actions, form_for, links

REFUSED = [
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\t/evil.example",
    "/\r\n/evil.example",
    "/x\r\nSet-Cookie: session=evil",
    "/\x00/evil.example",
    "https://evil.example",
    "HTTPS://evil.example/",
    "https:evil.example",
    "https:/evil.example",
    "https://localhost@evil.example/",
    "https://localhost.evil.example/",
    "http://localhost/",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "evil.example",
    "@evil.example",
    ".evil.example",
    " //evil.example",
    "/.//evil.example",
    "/x/..//evil.example",
    "/%2e%2e//evil.example",
    "?x",
    "#x",
    "",
]
ALLOWED = ["/", "/dashboard", "/a?b=c&d=%26#frag", "/%2f/evil.example", "/x//y", "/?next=//evil"]


@pytest.mark.parametrize("target", REFUSED, ids=repr)
def test_a_login_never_leads_to_a_refused_place(
    site: Deployment, person: Person, target: str
) -> None:
    form = {"username": person.name, "password": person.password, "next": target}
    answer = site.client().post_form("/login", form, HTML)
    assert answer.status in (303, 400), str(answer)
    if answer.status == 303:
        assert answer.location == "/account"
    assert all(
        cookie.startswith(("__Host-session=", "__Host-device="))
        for cookie in answer.all("Set-Cookie")
    )


@pytest.mark.parametrize("target", REFUSED, ids=repr)
def test_the_pages_lead_nowhere_but_to_this_site(
    site: Deployment, person: Person, target: str
) -> None:
    query = f"?next={quote(target, safe='')}"
    for path in ("/login", "/signup"):
        page = site.client().get(path + query, NAVIGATION)
        assert page.status in (200, 400)
        if page.status == 200:
            form_for(page.text, path)
            targets = links(page.text) + actions(page.text)
            assert all(re.match(r"/(?![/\\])", target) for target in targets), targets
        again = person.client.get(path + query, NAVIGATION)
        assert (again.status, again.location) == (303, "/account")


@pytest.mark.parametrize("target", ALLOWED)
def test_a_path_on_this_site_is_kept_untouched(
    site: Deployment, person: Person, target: str
) -> None:
    form = {"username": person.name, "password": person.password, "next": target}
    answer = site.client().post_form("/login", form, HTML)
    assert (answer.status, answer.location) == (303, target)


def test_sign_up_leads_to_next_too(site: Deployment) -> None:
    form = {"username": "via-" + site.secrets.password()[7:15], "password": site.secrets.password()}
    answer = site.client().post_form("/signup", form | {"next": "/products?x=1"}, HTML)
    assert (answer.status, answer.location) == (303, "/products?x=1")


def test_a_failed_login_keeps_next_in_the_page(site: Deployment) -> None:
    target = "/dashboard?a=1&b='&amp;%22%3Cx%3E"
    form = {"username": "nobody", "password": site.secrets.password(), "next": target}
    answer = site.client().post_form("/login", form, HTML)
    assert answer.status == 401
    assert form_for(answer.text, "/login").fields["next"] == target
    signup = [link for link in links(answer.text) if link.split("?")[0] == "/signup"]
    assert signup and "next=%2Fdashboard" in signup[0], "the link to sign up keeps it too"


def test_a_host_of_the_allow_list_is_let_through_and_no_other(deploy: Deploy) -> None:
    deployment = deploy({"next.hosts": ["app.example.org"]})
    person = deployment.person()
    for target, expected in [
        ("https://app.example.org.evil.example/", "/account"),
        ("https://app.example.org@evil.example/", "/account"),
        ("https://app.example.org:444/", "/account"),
        ("http://app.example.org/", "/account"),
    ]:
        form = {"username": person.name, "password": person.password, "next": target}
        answer = deployment.client().post_form("/login", form, HTML)
        assert (answer.status, answer.location) == (303, expected)
    # A page that goes on by itself: Chromium holds redirects of forms to form-action 'self'.
    target = "https://app.example.org/x?y=1"
    form = {"username": person.name, "password": person.password, "next": target}
    answer = deployment.client().post_form("/login", form, HTML)
    assert answer.status == 200 and f'content="0; url={target}"' in answer.text
