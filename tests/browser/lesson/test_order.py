"""The lesson's page works with its scripts loaded in reverse."""

import pytest

from tests.browser.reversal import reverse
from tests.browser.screen import Screen


def test_no_script_needs_another_before_it(screen: Screen) -> None:
    loaded = reverse(screen.page, f"{screen.address}/")
    screen.open("target=outliers&loss=huber&opt=gd&layers=contours,minima,pulls,field,kinks,ellipse")
    assert "/lesson/" in loaded[0]
    assert "/common/" in loaded[-1]
    screen.page.wait_for_function("() => explorer.paths.list().every(({ reply }) => reply) && explorer.paths.why()")
    screen.click(0.5, -0.5)
    assert screen.value("w") == pytest.approx(0.5, abs=0.02)
    screen.page.keyboard.press("ArrowRight")
    screen.settled()
    assert float(screen.query()["w"]) == screen.value("w")
    for mark in (
        "path.downhill",
        "path.contour",
        "path.minimum",
        "path.field-arrow",
        "path.walk",
        "circle.handle-core",
    ):
        assert screen.page.locator(f"[data-map=landscape] {mark}").count() > 0, mark
