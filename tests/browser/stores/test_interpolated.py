"""A slice whose loss was interpolated at most points: how many and how far off is said, and where is shown."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, expect

from explorer.dashboard import create_app
from tests.browser.axe import violations
from tests.browser.stores.screen import SliceScreen
from tests.support.interpolated_cases import interpolated_store
from tests.support.page.served import served
from tests.support.slice_cases import make_store

NOTE = "off by at most 0.4 % of the range of log L at 32 checked points."
DOTS = "[data-map=landscape] path.evaluated:not(.casing)"


@pytest.fixture(scope="module")
def shared(context: BrowserContext, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SliceScreen]:
    """A server of a store with 65 x 49 points, of which 17 x 13 are evaluated, a line, and one that is whole."""
    root = tmp_path_factory.mktemp("interpolated")
    interpolated_store(root, "part.zarr", points=(65, 49))
    interpolated_store(root, "line.zarr", points=(41,), planes=3)
    make_store(root, "whole.zarr", points=(9, 9))
    with served(create_app({}, stores=root, trusted=("tests",))) as where:
        page = context.new_page()
        yield SliceScreen(page, where)
        page.close()


def hovered(screen: SliceScreen, a: float, b: float) -> str:
    screen.page.mouse.move(*screen.pixel(a, b))
    return screen.page.inner_text("[data-map=landscape] .under-pointer")


def test_a_note_stands_beside_the_map_in_every_view(screen: SliceScreen) -> None:
    for view in ("map", "3d", "cuts"):
        screen.open(f"store=part.zarr&view={view}")
        expect(screen.page.locator("#interpolated")).to_have_text(
            f"221 of 3,185 points evaluated, the rest interpolated: {NOTE}", use_inner_text=True
        )
    screen.open("store=line.zarr")
    screen.says("interpolated", "33 of 123 points evaluated", first=True)
    screen.open("store=whole.zarr")
    assert not screen.page.is_visible("#interpolated")
    assert not screen.page.is_visible("#layers-points")


def test_the_evaluated_points_are_switched_on_by_keyboard_and_by_link(screen: SliceScreen) -> None:
    screen.open("store=part.zarr")
    expect(screen.page.locator(DOTS)).to_have_count(0)
    screen.page.focus("#layers-points")
    screen.page.keyboard.press("Enter")
    screen.settled()
    assert screen.page.get_attribute("#layers-points", "aria-pressed") == "true"
    assert screen.query()["layers"] == "contours,checkpoints,arrow,points"
    drawn = (screen.page.get_attribute(DOTS, "d") or "").split("h0")[:-1]
    assert len(drawn) == 221
    # The second: the first step of four along the second axis, 2.5 wide.
    x, y = (float(each) for each in drawn[1].removeprefix("M").split(","))
    expected = screen.pixel(-1, -1 + 2.5 * 4 / 48)
    box = screen.page.locator("[data-plot=landscape] .layer").bounding_box()
    assert box is not None
    assert (x + box["x"], y + box["y"]) == pytest.approx(expected, abs=1)
    screen.open("store=part.zarr&layers=points")
    expect(screen.page.locator(DOTS)).to_have_count(1)
    screen.page.click("#layers-points")
    assert screen.query()["layers"] == "none"
    expect(screen.page.locator(DOTS)).to_have_count(0)


def test_hovering_tells_which_points_are_interpolated(screen: SliceScreen) -> None:
    screen.open("store=part.zarr")
    step = 2.5 / 64
    assert hovered(screen, -1 + 8 * step, -1 + 2.5 * 8 / 48).endswith("(evaluated)")
    assert hovered(screen, -1 + 10 * step, -1 + 2.5 * 8 / 48).endswith("(interpolated)")
    screen.page.click("#quantities button >> text=accuracy")
    screen.settled()
    assert hovered(screen, -1 + 10 * step, -1 + 2.5 * 8 / 48).endswith("(nearest evaluated)")
    screen.says("interpolated", "accuracy has a value at 221 of 3,185")
    assert screen.evaluate("document.querySelector('#landscape .js-plotly-plot').data[0].zsmooth") is False
    assert "not finite" not in screen.page.inner_text("[data-map=landscape] .says")


def test_a_click_is_exact_and_says_what_the_sweep_had_there(screen: SliceScreen) -> None:
    screen.open("store=part.zarr").click(0.31, -0.42)
    assert screen.page.get_attribute("#readout-loss", "data-source") == "torch"
    screen.says("agree", "read off the sweep, interpolated here, the loss is ≈")
    screen.open("store=part.zarr&a=-1&b=-1")
    screen.says("agree", "read off the sweep, evaluated here, the loss is ≈")
    screen.open("store=whole.zarr")
    screen.says("agree", "read off the sweep the loss is ≈")
    screen.open("store=line.zarr&a=0.3")
    screen.says("agree", "interpolated here")


@pytest.mark.parametrize("query", ["store=part.zarr&layers=contours,points", "store=line.zarr&quantity=accuracy"])
@pytest.mark.parametrize(("width", "mode"), [(1440, "light"), (1024, "dark"), (390, "light"), (1440, "projector")])
def test_axe_finds_nothing_serious_and_nothing_scrolls_sideways(
    screen: SliceScreen, query: str, width: int, mode: str
) -> None:
    screen.page.set_viewport_size({"width": width, "height": 900})
    screen.open(f"{query}&mode={mode}")
    screen.narrow(width)
    assert violations(screen.page) == []
