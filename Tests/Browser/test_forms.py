"""Forms that a keyboard, a screen reader and a password manager can use (promise 7)."""

from __future__ import annotations

import pytest
from selenium.webdriver.remote.webelement import WebElement

from support.browser import Browser
from support.deployment import Deployment
from support.names import new_name

FORMS = pytest.mark.parametrize("path", ["/login", "/signup"])
FOCUSABLE = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]"


def described(browser: Browser, element: WebElement) -> str:
    """The text that aria-describedby points to; every id must exist."""
    ids = (element.get_attribute("aria-describedby") or "").split()
    found = [browser.all(f"[id='{name}']") for name in ids]
    assert all(len(elements) == 1 for elements in found), ids
    return " ".join(elements[0].text for elements in found)


@FORMS
def test_every_field_has_a_label_of_its_own(browser: Browser, path: str) -> None:
    browser.open(path)
    fields = browser.all("input:not([type=hidden])")
    assert fields
    for element in fields:
        labels = browser.driver.execute_script(
            "return Array.from(arguments[0].labels, label => label.textContent.trim())", element
        )
        assert labels and all(labels), element.get_attribute("name")
        assert element.accessible_name
        assert element.get_attribute("placeholder") in (None, ""), "a label is no placeholder"


@pytest.mark.parametrize(
    ("path", "username", "password"),
    [("/login", "username", "current-password"), ("/signup", "username", "new-password")],
)
def test_password_managers_find_their_fields(
    browser: Browser, path: str, username: str, password: str
) -> None:
    """ASVS 6.2.6 and 6.2.7: a real password field, pasting allowed."""
    browser.open(path)
    tokens = (browser.field("username").get_attribute("autocomplete") or "").split()
    assert username in tokens
    assert browser.field("password").get_attribute("autocomplete") == password
    assert browser.field("password").get_attribute("type") == "password"
    assert browser.field("username").get_attribute("autocapitalize") in ("none", "off")
    assert browser.field("username").get_attribute("spellcheck") == "false"
    assert not browser.all("[onpaste]")


@FORMS
def test_tab_visits_everything_once_in_the_order_of_the_page(browser: Browser, path: str) -> None:
    browser.open(path)
    expected = [element for element in browser.all(FOCUSABLE) if element.is_displayed()]
    # A link for skipping may be hidden until it has the focus; it comes first.
    first = browser.driver.switch_to.active_element
    start = expected.index(first) + 1 if first in expected else 0
    order = expected[start:] + expected[:start]
    visited = []
    for _ in range(len(order) + 3):
        element = browser.press_tab()
        if element in expected and element not in visited:
            visited.append(element)
    names = [describe(element) for element in visited]
    assert names == [describe(element) for element in order]


def describe(element: WebElement) -> str:
    """A readable name of something that can have the focus."""
    return element.get_attribute("name") or element.text or element.tag_name


@FORMS
def test_the_focus_can_be_seen(browser: Browser, path: str) -> None:
    browser.open(path)
    for _ in range(len(browser.all(FOCUSABLE))):
        element = browser.press_tab()
        if element.tag_name in ("body", "html"):
            continue
        style = browser.driver.execute_script(
            "const s = getComputedStyle(arguments[0]);"
            "return [s.outlineStyle, parseFloat(s.outlineWidth), s.boxShadow]",
            element,
        )
        outlined = style[0] != "none" and style[1] >= 1
        assert outlined or style[2] != "none", f"no focus ring on {describe(element)}"


@pytest.mark.parametrize(
    ("name", "password", "field"),
    [("", "password1", "password"), ("taken", "walrus-1234-plinth", "username")],
    ids=["common password", "taken name"],
)
def test_an_error_is_tied_to_its_field_and_announced(
    browser: Browser, house: Deployment, name: str, password: str, field: str
) -> None:
    typed = house.person().name if name == "taken" else new_name()
    browser.open("/signup")
    browser.sign_up(typed, password)
    assert browser.address == "/signup"
    wrong, other = browser.field(field), browser.field(
        "username" if field == "password" else "password"
    )
    assert wrong.get_attribute("aria-invalid") == "true"
    assert described(browser, wrong), "the message is the description of the field"
    assert other.get_attribute("aria-invalid") in (None, "false")
    assert browser.field("username").get_attribute("value") == typed
    assert browser.field("password").get_attribute("value") == ""
    alerts = [alert for alert in browser.all("[role=alert]") if alert.text]
    assert alerts, "a screen reader says that something is wrong"


@pytest.mark.parametrize("path", ["/login", "/signup", "/account", "/nothing-here"])
def test_a_page_has_a_language_a_title_a_heading_and_a_main_part(
    browser: Browser, house: Deployment, path: str
) -> None:
    if path == "/account":
        browser.open("/signup")
        browser.sign_up(new_name(), house.secrets.password())
    browser.open(path)
    html = browser.all("html[lang]")
    assert html and html[0].get_attribute("lang") == "en"
    assert browser.driver.title
    (heading,) = browser.all("h1")
    assert heading.text
    assert len(browser.all("main")) == 1
    assert browser.all("meta[name=viewport]")
    ids = [element.get_attribute("id") for element in browser.all("[id]")]
    assert len(ids) == len(set(ids)), "an id stands there once"
    assert not browser.all("[tabindex]:not([tabindex='0']):not([tabindex='-1'])")
    assert not browser.all("[style], script, [onclick]")
    for image in browser.all("img"):
        assert image.get_attribute("alt") is not None


def test_texts_can_be_told_from_their_background(browser: Browser, house: Deployment) -> None:
    """WCAG 1.4.3: a contrast of 4.5 for text, in both colour schemes."""
    script = """
    const channel = v => { v /= 255; return v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4 };
    const parse = c => c.match(/[\\d.]+/g).map(Number);
    const light = c => .2126 * channel(c[0]) + .7152 * channel(c[1]) + .0722 * channel(c[2]);
    const ground = e => {
      for (; e; e = e.parentElement) {
        const c = parse(getComputedStyle(e).backgroundColor);
        if (c.length < 4 || c[3] === 1) return c;
      }
      return parse(getComputedStyle(document.documentElement).colorScheme.includes('dark') &&
        matchMedia('(prefers-color-scheme: dark)').matches ? 'rgb(18,18,18)' : 'rgb(255,255,255)');
    };
    const bad = [];
    for (const e of document.querySelectorAll('body *')) {
      const own = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
      if (!own || !e.checkVisibility() || e.matches(':disabled')) continue;
      const [a, b] = [light(parse(getComputedStyle(e).color)), light(ground(e))];
      const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
      if (ratio < 4.5) bad.push(`${e.tagName} ${e.textContent.trim().slice(0, 30)} ${ratio}`);
    }
    return bad;
    """
    browser.open("/signup")
    browser.sign_up(new_name(), "password1")
    for scheme in ("light", "dark"):
        browser.prefer(scheme)
        for path in (None, "/login", "/signup", "/nothing-here"):
            if path is not None:
                browser.open(path)
            colours = browser.driver.execute_script("return getComputedStyle(document.body).color")
            if not colours.startswith("rgb"):
                pytest.fail(f"this test reads rgb colours, not {colours}")
            assert browser.driver.execute_script(script) == [], f"{scheme} {path}"
