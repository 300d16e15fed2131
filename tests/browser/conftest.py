"""The page, served in this process on a free port, and one Chromium for all browser tests."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from experiments import STUDIES
from explorer.dashboard import create_app
from tests.browser import chromium
from tests.browser.screen import WIDE, Screen
from tests.support.page.served import served


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser" in str(item.path).replace("\\", "/"):
            item.add_marker("browser")


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    with served(create_app(STUDIES)) as where:
        yield where


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium.find()
    if path is None:
        if chromium.required():
            pytest.fail("CI needs Chromium: run tests/browser/chromium.sh")
        pytest.skip("no Chromium found: install it to run the browser tests")
    # As long as all other waits.
    expect.set_options(timeout=30_000)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=chromium.ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context(viewport=WIDE)
    made.grant_permissions(["clipboard-read", "clipboard-write"])
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    made = context.new_page()
    yield made
    made.close()


@pytest.fixture(scope="session")
def shared(context: BrowserContext, address: str) -> Iterator[Screen]:
    """One page for all tests of the lesson."""
    page = context.new_page()
    yield Screen(page, address)
    page.close()


@pytest.fixture
def screen(shared: Screen, request: pytest.FixtureRequest) -> Iterator[Screen]:
    """The page with every error of the browser's console collected; a test that leaves one fails."""
    failed = request.session.testsfailed
    yield shared
    errors, shared.errors = shared.errors, []
    shared.resize(WIDE)
    # What a failed test leaves must not fail the next.
    shared.loaded = shared.loaded and not errors and request.session.testsfailed == failed
    assert errors == [], errors
