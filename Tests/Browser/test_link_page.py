"""The page that a link opens: its address holds a secret, which leaves by no other way."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from support.browser import Browser
from support.command_line import CommandLine
from support.deployment import Deployment
from support.names import new_name


def requests(browser: Browser) -> list[tuple[str, str, dict[str, str]]]:
    """Method, URL and headers of all requests since the last call, as the browser sent them."""
    sent, urls = [], {}
    for entry in browser.driver.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        params = message["params"]
        if message["method"] == "Network.requestWillBeSent":
            urls[params["requestId"]] = (params["request"]["method"], params["request"]["url"])
            sent.append((*urls[params["requestId"]], params["request"]["headers"]))
        elif message["method"] == "Network.requestWillBeSentExtraInfo":
            method, url = urls.get(params["requestId"], ("", ""))
            sent.append((method, url, params["headers"]))
    return sent


@pytest.fixture
def link(house: Deployment) -> tuple[str, str]:
    """The name of a new account, and the link by which its owner sets a password."""
    name = new_name()
    said = CommandLine(house).do("user", "add", name, "--link")
    url = next(word for word in said.split() if "token=" in word)
    house.secrets.add(parse_qs(urlsplit(url).query)["token"][0])
    return name, url[url.index("/set-password") :]


def test_a_link_sets_the_password_and_its_secret_goes_nowhere_else(
    browser: Browser, house: Deployment, link: tuple[str, str]
) -> None:
    """ASVS 14.2.1, 3.4.5 and 6.4.1; CS-Forgot: the page's address is in no Referer."""
    name, path = link
    token, password = path.partition("token=")[2], house.secrets.password()
    requests(browser)
    browser.open(path)
    assert browser.field("username").get_attribute("value") == name
    browser.fill(password="short")
    browser.submit("/set-password")
    assert browser.all("[role=alert]")
    browser.fill(password=password)
    browser.submit("/set-password")
    assert name == browser.field("username").get_attribute("value"), "the login, with the name"
    assert token not in browser.driver.page_source and token not in browser.address
    sent = requests(browser)
    assert {"POST"} <= {method for method, _, _ in sent}
    assert any(url.endswith("/static/style.css") for _, url, _ in sent)
    for _, url, headers in sent:
        assert token not in url or urlsplit(url).path == "/set-password"
        assert not any(token in value for key, value in headers.items() if key != ":path")
    browser.log_in(name, password)
    assert browser.address == "/account" and name in browser.text


def test_a_link_that_was_used_shows_no_form(
    browser: Browser, house: Deployment, link: tuple[str, str]
) -> None:
    """ASVS 6.4.1: once."""
    name, path = link
    browser.open(path)
    browser.fill(password=house.secrets.password())
    browser.submit("/set-password")
    browser.open(path)
    assert not browser.all("input[type=password]")
    assert name not in browser.text
