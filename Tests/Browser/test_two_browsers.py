"""Two browsers of one person: what one of them ends, the other notices at its next click."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from selenium.webdriver.common.by import By

from support.browser import Browser, chromium
from support.deployment import Deployment, Person

MARK = "This device"
END_OTHERS = "/sessions/end-others"


@pytest.fixture(scope="module", params=[True, False], ids=["scripts", "no-scripts"])
def windows(
    request: pytest.FixtureRequest, house: Deployment
) -> Iterator[tuple[Browser, Browser, Browser]]:
    """Three Chromiums with profiles of their own."""
    with (
        chromium(house.base, scripts=request.param) as one,
        chromium(house.base, scripts=request.param) as two,
        chromium(house.base, scripts=request.param) as three,
    ):
        yield one, two, three


@pytest.fixture
def browsers(windows: tuple[Browser, Browser, Browser]) -> tuple[Browser, Browser, Browser]:
    """The three, as if they had never been anywhere."""
    for browser in windows:
        browser.forget()
    return windows


@pytest.fixture
def resident(house: Deployment) -> Person:
    """Somebody with an account and no session: only the browsers show up as devices."""
    person = house.person()
    assert person.client.request("POST", "/logout").status == 204
    return person


def enter(browser: Browser, person: Person, path: str = "/account") -> None:
    """Logs in on the way to a guarded page."""
    browser.open(path)
    browser.log_in(person.name, person.password)
    assert browser.address == path


def others(browser: Browser) -> list[str]:
    """The targets of the buttons that end one other device, on the account page."""
    forms = browser.all(".devices form")
    return [form.get_dom_attribute("action") for form in forms]


def session_of(browser: Browser) -> str:
    """The public id of the session that a browser has; it stays on the dashboard."""
    browser.open("/dashboard")
    facts = browser.all(".facts div")
    return next(fact.text.split()[-1] for fact in facts if fact.text.startswith("Session"))


def click(browser: Browser, selector: str) -> None:
    """Follows a link of the page that is shown."""
    browser.leave(browser.driver.find_element(By.CSS_SELECTOR, selector).click)


def assert_at_the_login(browser: Browser, person: Person) -> None:
    """The page that is shown is the login, and tells nothing of who was here."""
    assert browser.address.split("?")[0] == "/login", browser.address
    assert person.name not in browser.driver.page_source
    assert browser.field("password").is_displayed()


def test_the_browsers_have_profiles_of_their_own(
    browsers: tuple[Browser, Browser, Browser], resident: Person
) -> None:
    """The other tests would prove little if they shared their cookies."""
    folders = {b.driver.capabilities["chrome"]["userDataDir"] for b in browsers}
    assert len(folders) == 3
    enter(browsers[0], resident)
    browsers[1].open("/account")
    assert_at_the_login(browsers[1], resident)


def test_the_device_that_is_ended_is_out_at_its_next_click(
    browsers: tuple[Browser, Browser, Browser], resident: Person
) -> None:
    """ASVS 7.5.2 and 7.4.1: viewed and ended on one device, refused on the other."""
    here, there, third = browsers
    for browser in browsers:
        enter(browser, resident)
    lost = session_of(there)
    here.open("/account")
    assert len(others(here)) == 2 and here.text.count(MARK) == 1
    here.submit(f"/sessions/{lost}/end")
    assert here.address.split("?")[0] == "/account" and resident.name in here.text
    assert len(others(here)) == 1 and f"/sessions/{lost}/end" not in others(here)
    # The page that stood there is still the old one; the click tells.
    assert there.address == "/dashboard" and resident.name in there.text
    click(there, "a[href='/products']")
    assert_at_the_login(there, resident)
    there.log_in(resident.name, resident.password)
    assert there.address == "/products" and resident.name in there.text
    # Nobody else was touched, and the new session is a new device.
    third.open("/dashboard?still=here")
    assert third.address == "/dashboard?still=here" and resident.name in third.text
    here.open("/account")
    assert len(others(here)) == 2 and f"/sessions/{lost}/end" not in others(here)


@pytest.mark.parametrize("target", ["/products?sort=price&q=a%20b%26c&page=2", "/account"])
def test_an_ended_browser_comes_back_to_where_it_wanted_to_go(
    browsers: tuple[Browser, Browser, Browser], resident: Person, target: str
) -> None:
    here, there, _ = browsers
    for browser in (here, there):
        enter(browser, resident)
    here.open("/account")
    (action,) = others(here)
    here.submit(action)
    there.open(target)
    assert_at_the_login(there, resident)
    there.log_in(resident.name, "not-the-password-0")
    there.log_in(resident.name, resident.password)
    assert there.address == target and resident.name in there.text


def test_ending_all_others_leaves_this_one(
    browsers: tuple[Browser, Browser, Browser], resident: Person
) -> None:
    """ASVS 7.5.2 and 7.4.3: all others end, and the button goes with them."""
    here, *rest = browsers
    for browser in browsers:
        enter(browser, resident)
    here.open("/account")
    here.submit(END_OTHERS)
    assert here.address.split("?")[0] == "/account"
    assert others(here) == [] and not here.all(f"form[action='{END_OTHERS}']")
    assert here.all("[role=status]"), "the page says that it was done"
    for browser in rest:
        click(browser, "nav a[href='/account']")
        assert_at_the_login(browser, resident)
        browser.driver.back()
        browser.open("/dashboard")
        assert_at_the_login(browser, resident)
    here.open("/dashboard")
    assert here.address == "/dashboard" and resident.name in here.text


def test_a_changed_password_ends_the_other_browser(
    browsers: tuple[Browser, Browser, Browser], resident: Person, house: Deployment
) -> None:
    """ASVS 7.4.3: the old password opens nothing there either."""
    here, there, _ = browsers
    for browser in (here, there):
        enter(browser, resident)
    new = house.secrets.password()
    here.change_password(resident.password, new)
    assert here.address.split("?")[0] == "/account" and resident.name in here.text
    click(there, "nav a[href='/account']")
    assert_at_the_login(there, resident)
    there.log_in(resident.name, resident.password)
    assert there.address == "/login" and there.all("[role=alert]")
    there.log_in(resident.name, new)
    assert there.address == "/account" and resident.name in there.text


def test_a_form_that_an_ended_browser_sends_changes_nothing(
    browsers: tuple[Browser, Browser, Browser], resident: Person, house: Deployment
) -> None:
    """A page that was loaded before its session ended still has its buttons."""
    here, there, _ = browsers
    for browser in (here, there):
        enter(browser, resident)
    here.open("/account")
    here.submit(END_OTHERS)
    there.change_password(resident.password, house.secrets.password())
    assert resident.name not in there.driver.page_source
    click(there, "main a[href='/login']")
    assert_at_the_login(there, resident)
    there.log_in(resident.name, resident.password)
    assert resident.name in there.text, "the password is the old one"
    here.open("/account")
    assert resident.name in here.text


def test_another_person_ends_nothing_of_mine(
    browsers: tuple[Browser, Browser, Browser], resident: Person, house: Deployment
) -> None:
    """ASVS 8.3.1: the id of somebody else's device is as good as none."""
    mine, theirs, _ = browsers
    enter(mine, resident)
    lost = session_of(mine)
    # Their own second session gives the page a button, which is bent to my session.
    enter(theirs, house.person())
    form = theirs.driver.find_element(By.CSS_SELECTOR, f"form[action='{END_OTHERS}']")
    theirs.driver.execute_script(
        "arguments[0].setAttribute('action', arguments[1])", form, f"/sessions/{lost}/end"
    )
    theirs.submit(f"/sessions/{lost}/end")
    assert "404" in theirs.text
    mine.open("/dashboard")
    assert mine.address == "/dashboard" and resident.name in mine.text
