"""Along training on /slice: a slider on the path, runs with a legend, the plane that moves along."""

import pytest
from playwright.sync_api import expect

from tests.browser.stores.screen import SliceScreen
from tests.support.slice_cases import descended, network

RING = "[data-map=landscape] circle.walker:not(.casing)"


def ring(screen: SliceScreen) -> tuple[float, float]:
    """Return where the ring is, in pixels of the layer."""
    node = screen.page.locator(RING)
    return float(node.get_attribute("cx") or "nan"), float(node.get_attribute("cy") or "nan")


def number(screen: SliceScreen, id: str) -> float:
    return float(screen.page.get_attribute(f"#{id}", "data-value") or "nan")


def test_the_slider_goes_along_the_path_and_tells_both_losses(screen: SliceScreen) -> None:
    screen.load("store=path.zarr")
    objective, path = network(), descended(network(), 1.0)
    dots = screen.page.locator("[data-map=landscape] .path-dot")
    assert dots.count() == 9
    screen.page.fill("#at", "2")
    assert screen.query()["at"] == "20"
    assert ring(screen) == (float(dots.nth(2).get_attribute("cx") or 0), float(dots.nth(2).get_attribute("cy") or 0))
    # Computed anew by the same operations.
    assert number(screen, "own-loss") == pytest.approx(float(objective(path.thetas[2])), rel=1e-12)
    assert number(screen, "plane-loss") != number(screen, "own-loss")
    assert number(screen, "offset") > 0
    screen.says("walk-says", "Step 20, 3 of 9 recorded: ", first=True)
    screen.says("spread-says", "of a random walk of 9 points it would be")
    # The chart's two dots stand at that step, at both losses: the lower one where the loss is smaller.
    dot, other = (screen.page.locator(f"#walk-losses circle.{name}") for name in ("own", "shown"))
    assert dot.get_attribute("cx") == other.get_attribute("cx")
    below = float(dot.get_attribute("cy") or "nan") > float(other.get_attribute("cy") or "nan")
    assert below == (number(screen, "own-loss") < number(screen, "plane-loss"))
    screen.page.focus("#at")
    screen.page.keyboard.press("End")
    assert "at" not in screen.query()
    # The plane is through the last theta.
    assert number(screen, "offset") < 1e-12
    screen.open("store=path.zarr&at=38")
    assert screen.page.input_value("#at") == "4"
    screen.page.click("#layers-checkpoints")
    expect(screen.page.locator(RING)).to_have_count(0)


def test_runs_have_colors_patterns_and_a_legend(screen: SliceScreen) -> None:
    screen.open("store=runs.zarr")
    assert screen.page.locator("#runs button").all_inner_texts() == ["slow", "fast"]
    lines = "[data-map=landscape] path.path:not(.casing)"
    strokes = "[...document.querySelectorAll('{}')].map((node) => getComputedStyle(node).stroke)"
    styles, swatches = (screen.evaluate(strokes.format(chosen)) for chosen in (f"{lines}:not(.far)", "#runs path"))
    assert len(set(swatches)) == 2
    assert set(styles) <= set(swatches)
    last = ring(screen)
    screen.page.click("#runs button >> text=fast")
    assert screen.query()["run"] == "fast"
    assert screen.page.get_attribute("#runs button >> nth=1", "aria-pressed") == "true"
    assert ring(screen) != last
    assert not screen.page.is_visible("#along")


def test_the_plane_moves_along_with_the_checkpoint(screen: SliceScreen) -> None:
    # Loaded anew: marks are placed by the plot's ranges, which follow another store's a moment later.
    screen.load("store=path.zarr&at=0")
    says, place = screen.page.inner_text("[data-map=landscape] .says"), ring(screen)
    own, away = number(screen, "own-loss"), number(screen, "offset")
    screen.page.click("#along")
    screen.page.wait_for_function("() => explorer.reply.scene?.maps[0].name === 'path-00.zarr'")
    screen.settled()
    assert screen.query() == {"store": "path-00.zarr", "at": "0"}
    # One frame, one scale, the same checkpoint: now its color is its loss.
    expect(screen.page.locator("[data-map=landscape] .says")).to_have_text(says, use_inner_text=True)
    assert ring(screen) == pytest.approx(place, abs=0.01)
    assert number(screen, "own-loss") == own
    assert number(screen, "plane-loss") == pytest.approx(own, rel=1e-12)
    assert number(screen, "offset") < 1e-12 < away
    screen.page.fill("#at", "7")
    screen.page.wait_for_function("() => explorer.reply.scene?.maps[0].name === 'path-80.zarr'")
    screen.settled()
    assert screen.page.get_attribute("#along", "aria-pressed") == "true"
    screen.page.click("#along")
    screen.page.wait_for_function("() => explorer.reply.scene?.maps[0].name === 'path.zarr'")
    screen.settled()
    assert screen.query() == {"store": "path.zarr", "at": "70"}


def test_sharpness_is_drawn_below_where_it_was_measured(screen: SliceScreen) -> None:
    screen.open("store=runs.zarr")
    screen.page.wait_for_selector("#sharpness .js-plotly-plot .scatterlayer path.js-line", state="attached")
    expect(screen.page.locator("#sharpness .scatterlayer path.js-line")).to_have_count(6)
    screen.says("sharpness", "2 / rate")


def test_without_a_path_there_is_no_card(screen: SliceScreen) -> None:
    screen.open("store=other.zarr&hide=training")
    assert not screen.page.is_visible("#training")
    screen.open("store=nan.zarr")
    assert not screen.page.is_visible("#training")
