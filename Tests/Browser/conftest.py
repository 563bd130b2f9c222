"""Fixtures of the browser tests: each runs with JavaScript on and off."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.browser import Browser, chromium
from support.deployment import Deployment


@pytest.fixture(scope="package")
def house(tools: None) -> Iterator[Deployment]:
    """The Coatcheck that the browsers visit, all of them from one address."""
    with Deployment(login_burst=10_000) as deployment:
        yield deployment


@pytest.fixture(scope="package", params=[True, False], ids=["scripts", "no-scripts"])
def window(request: pytest.FixtureRequest, house: Deployment) -> Iterator[Browser]:
    """A Chromium that is kept for all tests of one kind."""
    with chromium(house.base, scripts=request.param) as browser:
        yield browser


@pytest.fixture
def browser(window: Browser) -> Browser:
    """A browser that has never been anywhere."""
    window.forget()
    return window
