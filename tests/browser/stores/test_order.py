"""The page of stores works with its scripts loaded in reverse."""

from tests.browser.reversal import reverse
from tests.browser.stores.screen import SliceScreen


def test_no_script_needs_another_before_it(fresh: SliceScreen) -> None:
    loaded = reverse(fresh.page, f"{fresh.address}/slice")
    fresh.open("store=whole.zarr")
    assert "/stores/" in loaded[0]
    assert "/common/" in loaded[-1]
    before = fresh.value("readout-loss")
    fresh.click(0.5, -0.5)
    fresh.page.keyboard.press("Shift+ArrowLeft")
    fresh.settled()
    assert fresh.value("readout-loss") != before
    assert fresh.page.get_attribute("#readout-loss", "data-source") == "torch"
    for mark in ("path.downhill", "path.contour", "circle.handle-core"):
        assert fresh.page.locator(f"[data-map=landscape] {mark}").count() > 0, mark
