"""A login that leads to a host beside this one, as Chromium follows it."""

from __future__ import annotations

import pytest
from selenium.webdriver.support.wait import WebDriverWait

from support.browser import PATIENCE, chromium
from support.deployment import Deployment


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_a_login_goes_on_to_a_host_of_the_allow_list(tools: None, scripts: bool) -> None:
    """ASVS 3.7.2: `form-action 'self'` holds redirects of forms to this host; the page does not."""
    site = Deployment(login_burst=1000)
    # The same nginx under another name is another host to the browser.
    other = f"127.0.0.1:{site.port}"
    site.settings["next.hosts"] = [other]
    with site, chromium(site.base, scripts=scripts) as browser:
        person = site.person()
        target = f"https://{other}/static/style.css?page=1&more=2"
        browser.open(f"/login?next=https%3A%2F%2F{other}%2Fstatic%2Fstyle.css%3Fpage%3D1%26more%3D2")
        browser.fill(username=person.name, password=person.password)
        browser.driver.find_element("css selector", "form[action='/login'] button").click()
        WebDriverWait(browser.driver, PATIENCE, poll_frequency=0.05).until(
            lambda driver: driver.current_url == target
        )
        assert not [entry for entry in browser.driver.get_log("browser") if "CSP" in str(entry)]
        browser.open("/account")
        assert person.name in browser.text
