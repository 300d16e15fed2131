"""The page of stores works with its scripts loaded in reverse."""

from playwright.sync_api import Page

from tests.browser.reversal import reverse
from tests.browser.stores.screen import SliceScreen


def test_no_script_needs_another_before_it(page: Page, slices: str) -> None:
    loaded = reverse(page, f"{slices}/slice")
    screen = SliceScreen(page, slices).load("store=whole.zarr")
    assert "/stores/" in loaded[0]
    assert "/common/" in loaded[-1]
    before = screen.value("readout-loss")
    screen.click(0.5, -0.5)
    page.keyboard.press("Shift+ArrowLeft")
    screen.settled()
    assert screen.value("readout-loss") != before
    assert page.get_attribute("#readout-loss", "data-source") == "torch"
    for mark in ("path.downhill", "path.contour", "circle.handle-core"):
        assert page.locator(f"[data-map=landscape] {mark}").count() > 0, mark
    assert screen.errors == []
