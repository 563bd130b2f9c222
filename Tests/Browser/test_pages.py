"""Every page in both widths and both colour schemes; nothing is loaded from elsewhere."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from support.browser import Browser, screenshot_folder
from support.command_line import CommandLine
from support.deployment import Deployment, Person
from support.names import new_name

PAGES = [
    "login",
    "login-error",
    "login-signed-out",
    "signup",
    "signup-error",
    "account",
    "dashboard",
    "products",
    "account-error",
    "account-delete",
    "reauthenticate",
    "set-password",
    "admin",
    "admin-created",
    "admin-user",
    "not-found",
    "forbidden",
]
# Those that belong to somebody who is logged in.
PRIVATE = {"account", "account-error", "account-delete", "reauthenticate", "dashboard", "products"}
ADMINISTRATION = {"admin", "admin-created", "admin-user"}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the screenshots go to."""
    return screenshot_folder(tmp_path_factory.mktemp("screenshots"))


@pytest.fixture
def resident(house: Deployment) -> Person:
    """Somebody with a long name, for which pages must have room."""
    client, password = house.client(), house.secrets.password()
    name = "maximiliane.von-und-zu-" + new_name("unterwaldenkirchen") + "@mail.example.org"
    assert client.sign_up(name, password).status == 201
    return Person(name, password, client)


def visit(browser: Browser, page: str, resident: Person, house: Deployment) -> None:
    """Goes to a page the way that people get there."""
    if page in ADMINISTRATION:
        CommandLine(house).do("user", "groups", resident.name, "--add", "admin")
    if page in PRIVATE | ADMINISTRATION | {"forbidden", "login-signed-out"}:
        browser.open("/login")
        browser.log_in(resident.name, resident.password)
    if page == "login-error":
        browser.open("/login")
        browser.log_in(resident.name, "not-the-password-0")
    elif page == "login-signed-out":
        browser.submit("/logout")
    elif page == "signup-error":
        browser.open("/signup")
        browser.sign_up(resident.name, "password1")
    elif page == "account-error":
        browser.change_password("not-the-password-0", "short")
    elif page == "set-password":
        link = CommandLine(house).do("user", "link", resident.name).splitlines()[1]
        browser.open(link)
    elif page == "admin-created":
        browser.open("/admin")
        browser.make_user(new_name(), "editors, staff")
    elif page == "admin-user":
        browser.open("/admin?q=" + resident.name)
        browser.leave(browser.all("table a")[0].click)
    else:
        paths = {"account-delete": "/account/delete", "not-found": "/nothing-here", "forbidden": "/staff"}
        browser.open(paths.get(page, f"/{page}"))


@pytest.mark.parametrize("page", PAGES)
def test_a_page_fits_looks_calm_and_loads_nothing_from_elsewhere(
    browser: Browser,
    resident: Person,
    house: Deployment,
    pictures: Path,
    request: pytest.FixtureRequest,
    page: str,
) -> None:
    """ASVS 3.6.1 for the requests; the content policy is violated by nothing."""
    visit(browser, page, resident, house)
    # What a template shows of a value that is not there.
    assert not re.search(r"\bnil\b|Optional\(|\{\{|\}\}|\(none\)|<!--#", browser.driver.page_source)
    scripts = "no-scripts" if "no-scripts" in request.node.name else "scripts"
    for scheme in ("light", "dark"):
        browser.prefer(scheme)
        for width in (1280, 360):
            browser.resize(width)
            needed, available = browser.driver.execute_script(
                "return [document.documentElement.scrollWidth, innerWidth]"
            )
            assert available == width
            assert needed <= width, f"{page} is {needed} pixels wide where {width} are"
            browser.photograph(pictures / f"{page}-{width}-{scheme}-{scripts}.png")
    assert browser.requested_hosts() == {urlsplit(browser.base).netloc}
    assert browser.complaints() == []


@pytest.mark.parametrize("path", ["/login", "/signup"])
def test_the_page_follows_the_colour_scheme(browser: Browser, path: str) -> None:
    browser.open(path)
    colours = []
    for scheme in ("light", "dark"):
        browser.prefer(scheme)
        colours.append(
            browser.driver.execute_script(
                "return [document.body, document.documentElement].map("
                "e => getComputedStyle(e).backgroundColor).join()"
            )
        )
    assert colours[0] != colours[1]


@pytest.mark.parametrize("path", ["/login", "/signup"])
def test_buttons_and_fields_are_large_enough_for_a_thumb(browser: Browser, path: str) -> None:
    """WCAG 2.5.8 asks for 24 pixels; a telephone wants more."""
    browser.resize(360)
    browser.open(path)
    for element in browser.all("button, input:not([type=hidden]):not([type=checkbox])"):
        assert element.size["height"] >= 40, element.get_attribute("outerHTML")


def test_the_style_sheet_is_really_applied(browser: Browser) -> None:
    """A page without its style sheet would pass most of the other tests."""
    browser.open("/login")
    rules = browser.driver.execute_script(
        "return Array.from(document.styleSheets, sheet => sheet.cssRules.length)"
    )
    assert rules and all(count > 5 for count in rules)
