"""The lesson's page works with its scripts loaded in reverse."""

import pytest
from playwright.sync_api import Page

from tests.browser.reversal import reverse
from tests.browser.screen import Screen


def test_no_script_needs_another_before_it(page: Page, address: str) -> None:
    loaded = reverse(page, f"{address}/")
    screen = Screen(page, address).load("target=outliers&loss=huber&opt=gd&layers=contours,minima,field,ellipse")
    folders = [next(name for name in ("/lesson/", "/common/", "/scripts/") if name in script) for script in loaded]
    assert folders.index("/lesson/") < folders.index("/common/")
    assert "/scripts/" in folders
    screen.click(0.5, -0.5)
    assert screen.value("w") == pytest.approx(0.5, abs=0.02)
    page.keyboard.press("ArrowRight")
    screen.settled()
    assert float(screen.query()["w"]) == screen.value("w")
    page.wait_for_function("() => explorer.paths.list().every(({ reply }) => reply) && explorer.paths.why()")
    for mark in ("downhill", "contour", "minimum", "field-arrow", "walk", "ellipse"):
        assert page.locator(f"[data-map=landscape] path.{mark}").count() > 0, mark
    assert screen.errors == []
