"""What people do at the site, in a real browser, with JavaScript on and off (promise 7)."""

from __future__ import annotations

import time
from typing import Any

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from support.browser import Browser
from support.deployment import Deployment, Person
from support.names import new_name


def session_cookies(browser: Browser) -> list[dict[str, Any]]:
    """The cookies but that of the known device, which outlives a logout and opens nothing."""
    return [c for c in browser.driver.get_cookies() if c["name"] != "__Host-device"]


@pytest.fixture
def resident(house: Deployment) -> Person:
    """Somebody who has an account."""
    return house.person()


def assert_stranger(browser: Browser, name: str) -> None:
    """The page that is shown belongs to nobody, and is the login."""
    assert browser.address.split("?")[0] == "/login", browser.address
    assert name not in browser.driver.page_source


def test_scripts_run_or_not_as_the_test_says(
    browser: Browser, request: pytest.FixtureRequest
) -> None:
    """The other tests would prove little if the switch did nothing."""
    browser.driver.get(
        "data:text/html,<p id=x>off</p><script>document.getElementById('x').textContent='on'"
        "</script>"
    )
    expected = "off" if "no-scripts" in request.node.name else "on"
    assert browser.driver.find_element(By.ID, "x").text == expected


def test_signing_up_leads_to_the_account(browser: Browser, house: Deployment) -> None:
    name = new_name()
    browser.open("/signup")
    browser.sign_up(name, house.secrets.password())
    assert browser.address == "/account"
    assert name in browser.text


def test_the_cookie_is_out_of_reach_of_scripts(browser: Browser, house: Deployment) -> None:
    """ASVS 3.3.1 to 3.3.4, as the browser understood them."""
    browser.open("/signup")
    browser.sign_up(new_name(), house.secrets.password())
    (cookie,) = session_cookies(browser)
    house.secrets.add(cookie["value"])
    assert cookie["name"] == "__Host-session"
    assert (cookie["httpOnly"], cookie["secure"], cookie["sameSite"]) == (True, True, "Lax")
    assert (cookie["path"], cookie["domain"]) == ("/", "localhost")
    assert browser.driver.execute_script("return document.cookie") == ""


def test_a_guarded_page_is_shown_after_the_login_with_its_query_kept(
    browser: Browser, resident: Person
) -> None:
    target = "/products?sort=price&q=a%20b%26c&page=2"
    browser.open(target)
    assert browser.address.split("?")[0] == "/login"
    browser.log_in(resident.name, resident.password)
    assert browser.address == target
    assert resident.name in browser.text


def test_the_way_over_the_sign_up_page_keeps_the_query_too(
    browser: Browser, house: Deployment
) -> None:
    target = "/dashboard?tab=orders&x=1"
    browser.open(target)
    link = browser.driver.find_element(By.CSS_SELECTOR, "a[href^='/signup']")
    browser.leave(link.click)
    name = new_name()
    browser.sign_up(name, house.secrets.password())
    assert browser.address == target
    assert name in browser.text


def test_a_failed_login_in_between_keeps_the_query_too(
    browser: Browser, resident: Person
) -> None:
    target = "/dashboard?tab=orders&x=1"
    browser.open(target)
    browser.log_in(resident.name, "not-the-password-0")
    browser.log_in(resident.name, resident.password)
    assert browser.address == target


def test_logging_out_leads_to_the_login_and_says_so(browser: Browser, resident: Person) -> None:
    browser.open("/login")
    browser.log_in(resident.name, resident.password)
    browser.submit("/logout")
    assert_stranger(browser, resident.name)
    assert session_cookies(browser) == []
    browser.open("/account")
    assert_stranger(browser, resident.name)


def test_the_back_button_shows_no_guarded_page_after_the_logout(
    browser: Browser, resident: Person
) -> None:
    """ASVS 14.3.1 and 14.3.2: neither the cache nor the kept pages of the history."""
    browser.open("/login")
    browser.log_in(resident.name, resident.password)
    browser.open("/dashboard?secret=1")
    assert resident.name in browser.text
    browser.open("/account")
    assert resident.name in browser.text
    browser.submit("/logout")
    for _ in range(3):
        browser.driver.back()
        assert resident.name not in browser.driver.page_source, browser.address
    browser.driver.forward()
    assert resident.name not in browser.driver.page_source, browser.address


def test_a_wrong_password_gets_one_general_message_and_an_empty_field(
    browser: Browser, resident: Person
) -> None:
    """ASVS 6.3.8: the same words for a wrong password and an unknown name."""
    texts = []
    for name in (resident.name, new_name()):
        browser.open("/login")
        browser.log_in(name, "not-the-password-0")
        assert browser.field("username").get_attribute("value") == name
        assert browser.field("password").get_attribute("value") == ""
        (alert,) = browser.all("[role=alert]")
        assert alert.is_displayed() and alert.text
        texts.append(browser.text.replace(name, "NAME"))
    assert texts[0] == texts[1]
    assert session_cookies(browser) == []


def test_the_login_works_with_the_keyboard_alone(browser: Browser, resident: Person) -> None:
    browser.open("/login")
    for _ in range(10):
        if browser.press_tab().get_attribute("name") == "username":
            break
    browser.driver.switch_to.active_element.send_keys(resident.name)
    element = browser.press_tab()
    assert element.get_attribute("name") == "password"
    element.send_keys(resident.password)
    browser.leave(lambda: element.send_keys(Keys.ENTER))
    assert browser.address == "/account"


def test_remember_me_keeps_the_cookie_for_thirty_days(
    browser: Browser, resident: Person, house: Deployment
) -> None:
    browser.open("/login")
    browser.field("remember").click()
    browser.log_in(resident.name, resident.password)
    (cookie,) = session_cookies(browser)
    house.secrets.add(cookie["value"])
    days = (cookie["expiry"] - time.time()) / 86400
    assert 29.9 < days < 30.1


def test_somebody_logged_in_is_sent_on_from_the_login(browser: Browser, resident: Person) -> None:
    browser.open("/login")
    browser.log_in(resident.name, resident.password)
    browser.open("/login?next=%2Fdashboard%3Fa%3D1")
    assert browser.address == "/dashboard?a=1"


def test_reloading_after_signing_up_does_not_post_again(
    browser: Browser, house: Deployment
) -> None:
    """Post, redirect, get: a reload asks for the account and for nothing else."""
    browser.open("/signup")
    browser.sign_up(new_name(), house.secrets.password())
    browser.driver.refresh()
    assert browser.address == "/account"
    assert browser.complaints() == []
