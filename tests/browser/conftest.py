"""The page, served in this process on a free port, and one Chromium for all browser tests."""

import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from experiments import STUDIES
from explorer.dashboard import create_app
from explorer.dashboard.server import server_of
from tests.browser import chromium
from tests.browser.screen import Screen


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser" in str(item.path).replace("\\", "/"):
            item.add_marker("browser")


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    server = server_of(create_app(STUDIES), "127.0.0.1", 0)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.close()
    server.task_dispatcher.shutdown()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium.find()
    if path is None:
        if chromium.required():
            pytest.fail("CI needs Chromium: run tests/browser/chromium.sh")
        pytest.skip("no Chromium found: install it to run the browser tests")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=chromium.ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context(viewport={"width": 1440, "height": 900})
    made.grant_permissions(["clipboard-read", "clipboard-write"])
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    made = context.new_page()
    yield made
    made.close()


@pytest.fixture
def screen(page: Page, address: str) -> Iterator[Screen]:
    """The page with every error of the browser's console collected; a test that leaves one fails."""
    made = Screen(page, address)
    yield made
    assert made.errors == [], made.errors
