"""Debian's Chromium, driven through its own driver, with and without JavaScript."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

CHROMIUM = Path("/usr/bin/chromium")
DRIVER = Path("/usr/bin/chromedriver")
PATIENCE = 10.0

# The levels of Chromium's log that tell of a fault; it notes Clear-Site-Data as INFO.
COMPLAINTS = ("WARNING", "SEVERE")
# What Chromium's log says of a page that was answered with an error status on purpose.
EXPECTED_STATUS = "Failed to load resource: the server responded with a status of"


class Browser:
    """One browser window at one site, with the words that tests of pages need."""

    def __init__(self, driver: webdriver.Chrome, base: str) -> None:
        self.driver = driver
        self.base = base

    def open(self, path: str) -> None:
        """Goes to a path of the site, as typed into the address bar."""
        self.driver.get(self.base + path)

    @property
    def address(self) -> str:
        """Path and query of the page that is shown."""
        return self.driver.current_url.removeprefix(self.base)

    @property
    def text(self) -> str:
        """What a person can read on the page."""
        return self.driver.find_element(By.TAG_NAME, "body").text

    def field(self, name: str) -> WebElement:
        """The input with a name."""
        return self.driver.find_element(By.CSS_SELECTOR, f"input[name='{name}']")

    def all(self, selector: str) -> list[WebElement]:
        """Every element that a CSS selector finds."""
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def fill(self, **values: str) -> None:
        """Types into fields, replacing what stands there."""
        for name, value in values.items():
            element = self.field(name)
            element.clear()
            element.send_keys(value)

    def submit(self, action: str) -> None:
        """Presses the button of the form that posts to `action`, and waits for the next page."""
        button = self.driver.find_element(
            By.CSS_SELECTOR, f"form[action='{action}'] button:not([type=button])"
        )
        self.leave(button.click)

    def leave(self, move: Callable[[], object]) -> None:
        """Does what leads to another page, and waits until that one is there."""
        old = self.driver.find_element(By.TAG_NAME, "html")
        move()
        # A look into a document that is just being replaced may fail in any way.
        wait = WebDriverWait(self.driver, PATIENCE, 0.05, (WebDriverException,))
        wait.until(lambda driver: driver.find_element(By.TAG_NAME, "html") != old)
        wait.until(
            lambda driver: driver.execute_script("return document.readyState") == "complete"
        )

    def sign_up(self, name: str, password: str) -> None:
        """Signs up with the form of the page that is shown."""
        self.fill(username=name, password=password)
        self.submit("/signup")

    def log_in(self, name: str, password: str) -> None:
        """Logs in with the form of the page that is shown."""
        self.fill(username=name, password=password)
        self.submit("/login")

    def change_password(self, current: str, new: str) -> None:
        """Changes the password with the form of the account page."""
        self.driver.find_element(By.ID, "current").send_keys(current)
        self.driver.find_element(By.ID, "new").send_keys(new)
        self.submit("/password")

    def make_user(self, name: str, groups: str) -> None:
        """Makes an account with the form of the page of all users."""
        self.driver.find_element(By.ID, "new-username").send_keys(name)
        self.driver.find_element(By.ID, "new-groups").send_keys(groups)
        self.submit("/admin/users")

    def press_tab(self) -> WebElement:
        """Presses TAB and returns what has the focus then."""
        webdriver.ActionChains(self.driver).send_keys(Keys.TAB).perform()
        return self.driver.switch_to.active_element

    def requested_hosts(self) -> set[str]:
        """The hosts of all requests since the last call, from the browser's own network log."""
        hosts = set()
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                url = urlsplit(message["params"]["request"]["url"])
                if url.scheme not in ("data", "chrome", "about", "blob", "chrome-error"):
                    hosts.add(url.netloc)
        return hosts

    def complaints(self) -> list[str]:
        """What the console says since the last call: errors, policy violations, warnings."""
        entries = self.driver.get_log("browser")
        messages = [entry["message"] for entry in entries if entry["level"] in COMPLAINTS]
        return [message for message in messages if EXPECTED_STATUS not in message]

    def resize(self, width: int, height: int = 800) -> None:
        """Makes the page as wide as a telephone or a desk."""
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
        )

    def prefer(self, scheme: str) -> None:
        """Says that the person likes `dark` or `light`."""
        self.driver.execute_cdp_cmd(
            "Emulation.setEmulatedMedia",
            {"features": [{"name": "prefers-color-scheme", "value": scheme}]},
        )

    def photograph(self, file: Path) -> None:
        """Saves the whole page as a PNG."""
        picture = self.driver.execute_cdp_cmd(
            "Page.captureScreenshot", {"format": "png", "captureBeyondViewport": True}
        )
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(base64.b64decode(picture["data"]))

    def forget(self) -> None:
        """Becomes a browser that has never been anywhere: cookies, cache, history, logs."""
        driver = self.driver
        handle = driver.current_window_handle
        driver.switch_to.new_window("tab")
        fresh = driver.current_window_handle
        driver.switch_to.window(handle)
        driver.close()
        driver.switch_to.window(fresh)
        driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
        driver.execute_cdp_cmd("Network.clearBrowserCache", {})
        driver.get_log("performance")
        driver.get_log("browser")


@contextmanager
def chromium(base: str, scripts: bool) -> Iterator[Browser]:
    """Starts Chromium; `scripts` says whether pages may run JavaScript."""
    missing = [str(path) for path in (CHROMIUM, DRIVER) if not os.access(path, os.X_OK)]
    assert not missing, f"needed and not found: {', '.join(missing)}"
    options = Options()
    options.binary_location = str(CHROMIUM)
    options.accept_insecure_certs = True
    for argument in (
        *("--headless=new", "--no-sandbox", "--ignore-certificate-errors"),
        *("--disable-dev-shm-usage", "--disable-gpu", "--window-size=1280,800", "--lang=en"),
        *("--disable-features=PasswordLeakDetection", "--no-proxy-server"),
        # Screenshots would lose the width of the scroll bar at their right edge.
        "--hide-scrollbars",
    ):
        options.add_argument(argument)
    preferences = {"credentials_enable_service": False}
    if not scripts:
        preferences["profile.managed_default_content_settings.javascript"] = 2
    options.add_experimental_option("prefs", preferences)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
    try:
        driver.set_page_load_timeout(30)
        yield Browser(driver, base)
    finally:
        driver.quit()


def screenshot_folder(fallback: Path) -> Path:
    """Where screenshots go: COATCHECK_SCREENSHOTS, else a temporary folder."""
    named = os.environ.get("COATCHECK_SCREENSHOTS")
    folder = Path(named) if named else fallback
    folder.mkdir(parents=True, exist_ok=True)
    return folder

