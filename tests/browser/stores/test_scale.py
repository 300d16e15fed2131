"""The scale of /slice: units of the axes are as long on the screen as their directions in theta."""

from typing import Any

import pytest

from tests.browser.screen import PHONE, WIDE
from tests.browser.stores.screen import SliceScreen
from tests.support.slice_cases import network, oblique

RATIO = """() => {
    const { xaxis, yaxis } = document.querySelector("#landscape .js-plotly-plot")._fullLayout;
    const [across, up] = [xaxis, yaxis].map(({ range, _length }) => _length / (range[1] - range[0]));
    return up / across;
}"""
"""Pixels of a unit of the second axis over those of a unit of the first, by Plotly's own axes."""
PIXEL = 0.01
"""A pixel of a strip on a phone."""


def assert_ratio(screen: SliceScreen, expected: float) -> None:
    """Wait until a unit of the second axis is so many times as long; plots follow the window a moment later."""
    within = f"([expected, most]) => Math.abs(({RATIO})() / expected - 1) < most"
    screen.page.wait_for_function(within, arg=[expected, PIXEL], timeout=5000)


@pytest.mark.parametrize("size", [WIDE, {"width": 1024, "height": 768}, PHONE], ids=lambda size: str(size["width"]))
def test_directions_of_unequal_length_are_drawn_as_long_as_they_are(screen: SliceScreen, size: dict[str, int]) -> None:
    screen.resize(size)
    screen.open("store=whole.zarr")
    first, second = oblique(network()).basis.norm(dim=1).tolist()
    assert abs(second / first - 1) > 0.01
    assert_ratio(screen, second / first)
    screen.says(
        "map-says", f"One unit of beta is {float(f'{second / first:.4g}'):g} times as long in θ as one of alpha"
    )


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=lambda size: str(size["width"]))
def test_equal_directions_have_equal_units_and_nothing_is_said(screen: SliceScreen, size: dict[str, int]) -> None:
    screen.resize(size)
    screen.open("store=path.zarr")
    assert_ratio(screen, 1.0)
    assert "One unit of" not in screen.text("map-says")


@pytest.mark.parametrize(
    ("lengths", "ends", "expected"),
    [
        ([1, 1], [[0, 1], [0, 1]], 1),
        ([1, 2], [[0, 1], [-1, 1]], 2),
        ([2, 1], [[0, 1], [0, 8]], 0.5),
        ([1, 1], [[0, 1], [0, 4.1]], None),
        ([1, 10], [[0, 10], [0, 1]], 10),
    ],
)
def test_a_thread_is_stretched_instead(screen: SliceScreen, lengths: Any, ends: Any, expected: float | None) -> None:
    screen.open("store=path.zarr")
    assert screen.evaluate("([lengths, ends]) => explorer.unitsAlike(lengths, ends)", [lengths, ends]) == expected


def test_where_the_axes_are_stretched_the_page_says_by_how_much(screen: SliceScreen) -> None:
    screen.open("store=path.zarr")
    said = screen.evaluate("""() => {
        const { scene } = explorer.reply, [side] = scene.sides;
        const kept = side.gram;
        side.gram = [[1, 0], [0, 10000]];
        const said = explorer.maps.scales();
        side.gram = kept;
        return said;
    }""")
    assert "100 times as long as one of" in said
    assert "angles are not true" in said
