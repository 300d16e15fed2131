"""Curvature in words: what hardly bends is told to be flat, beside the point and beside the rate."""

import pytest

from tests.browser.screen import Screen


@pytest.mark.parametrize(("query", "low"), [("w=500&b=500", 0.0), ("w=3.5&b=3.5", -2.66e-6)])
def test_what_hardly_bends_is_called_flat(screen: Screen, query: str, low: float) -> None:
    screen.open(f"n=17&opt=gd&steps=5&{query}")
    screen.page.wait_for_function("() => explorer.paths.why()?.limits")
    assert screen.evaluate("explorer.reply.point.curvature.eigenvalues[0]") == pytest.approx(low, rel=0.01, abs=1e-12)
    for id in ("curvature", "rate-says"):
        screen.says(id, "flat in one direction")
        assert not {"down", "saddle"} & set(screen.text(id).replace("'", " ").split())


def test_a_saddle_is_still_called_one(screen: Screen) -> None:
    screen.open("n=17&opt=gd&steps=5")
    screen.says("curvature", "a saddle's curvature")
    screen.says("rate-says", "bends down in one direction")
