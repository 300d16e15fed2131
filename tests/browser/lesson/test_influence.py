"""Influence: a data point is moved, and θ* of every loss goes where torch's refit is, beside where it was predicted."""

import math

import pytest
import torch
from playwright.sync_api import expect

import models
from experiments.minima import minima
from experiments.targets import TARGETS
from explorer import Objective
from explorer.descent import influence
from explorer.study import TargetSet
from tests.browser.screen import Screen

LAYERS = "layers=minima,influence"


def answered(screen: Screen) -> Screen:
    """Wait until what the last move did is told."""
    screen.settled().page.wait_for_function(
        "() => !explorer.asked.influence && document.querySelector('#influence-says').textContent.startsWith('Point')"
    )
    return screen


def place(screen: Screen, map: str, mark: str, loss: str) -> list[float]:
    """Return where a ring or a disc stands, in full."""
    kind = f"loss-{1 + list(models.LOSSES).index(loss)}"
    return theta_of(screen, f"[data-map={map}] circle.influence-{mark}.{kind}")


def theta_of(screen: Screen, mark: str) -> list[float]:
    said = screen.page.get_attribute(mark, "data-theta")
    return [float(value) for value in (said or "nan").split(",")]


def count(screen: Screen, map: str, mark: str) -> int:
    return screen.page.locator(f"[data-map={map}] .influence {mark}:not(.casing)").count()


def shown(screen: Screen) -> TargetSet:
    data = screen.evaluate("explorer.data()")
    return TargetSet("own", "", "", *(torch.tensor(data[name], dtype=torch.float64) for name in ("x", "y")), {})


def test_a_dragged_outlier_pulls_the_squared_error_where_autograd_predicts_and_leaves_the_absolute_one(
    screen: Screen,
) -> None:
    screen.open(f"target=outliers&view=compare&{LAYERS}")
    before = TARGETS["outliers"]
    outlier = int((before.y - torch.tanh(before.x)).abs().argmax())
    way = 0.2 if before.y[outlier] > 0 else -0.2
    x, y = before.x[outlier].item(), before.y[outlier].item()
    screen.hold_sample(outlier)
    screen.page.mouse.move(*screen.pixel(x, y + way / 2, "fit"), steps=2)
    screen.page.wait_for_function("() => document.querySelector('[data-map=landscape] circle.influence-after')")
    screen.page.mouse.move(*screen.pixel(x, y + way, "fit"), steps=2)
    screen.page.mouse.up()
    answered(screen)
    after = shown(screen)
    theta = torch.tensor(place(screen, "landscape", "before", "mse"), dtype=torch.float64)
    assert theta.tolist() == pytest.approx(minima(before, models.LOSSES["mse"]()).points[0].theta, abs=1e-12)
    # The same search on the same data.
    for map, loss in (("landscape", "mse"), ("map-1", "mae"), ("map-2", "huber"), ("map-3", "log_cosh")):
        expected = minima(after, models.LOSSES[loss]()).points[0].theta
        assert place(screen, map, "after", loss) == pytest.approx(expected, abs=1e-12)
    objective = Objective(models.MODELS["tanh_neuron"](), models.LOSSES["mse"](), (before.x, before.y))
    moved = (theta + influence(objective, theta).move(after.y - before.y, after.x - before.x)).tolist()
    assert theta_of(screen, "#influence-closeup path.predicted.loss-1") == pytest.approx(moved, abs=1e-12)
    assert place(screen, "map-1", "after", "mae") == place(screen, "map-1", "before", "mae")
    assert [count(screen, map, "path.influence") for map in ("landscape", "map-1")] == [1, 0]
    assert count(screen, "landscape", "path.head.predicted") == 1
    said = screen.text("influence-says")
    assert said.startswith(f"Point {outlier + 1} moved, ")
    assert "θ* of MAE did not move." in said
    expect(screen.page.locator("#influence-closeup circle.disc")).to_have_count(4)
    screen.page.keyboard.press("Control+z")
    screen.settled()
    assert screen.state()["target"] == "outliers"
    assert count(screen, "landscape", "path.influence") == 0


def test_keys_move_a_point_too_and_a_minimum_that_goes_to_infinity_is_told(screen: Screen) -> None:
    screen.open(f"target=two_points&{LAYERS}")
    screen.says("influence-says", "Drag a data point")
    screen.page.focus(".target[data-point='1']")
    for _ in range(3):
        screen.page.keyboard.press("ArrowDown")
    answered(screen)
    screen.page.wait_for_function("() => document.querySelector('#influence-says').textContent.includes('−0.15')")
    # Both points are fitted exactly, by every loss: w = (atanh 0.65 + atanh 0.6) / 2, b = (atanh 0.65 - atanh 0.6) / 2.
    high, low = math.atanh(0.65), math.atanh(0.6)
    assert count(screen, "landscape", "circle.influence-after") == 4
    for loss in models.LOSSES:
        found = place(screen, "landscape", "after", loss)
        assert found == pytest.approx([(high + low) / 2, (high - low) / 2], abs=1e-9)
    for _ in range(2):
        screen.page.keyboard.press("Shift+ArrowUp")
    gone = "The minimum of MSE is gone (no finite minimum"
    screen.page.wait_for_function(
        "(gone) => document.querySelector('#influence-says').textContent.includes(gone)", arg=gone
    )
    answered(screen)
    screen.page.click("#influence-clear")
    assert count(screen, "landscape", "circle") == 0
    screen.says("influence-says", "Drag a data point")


def test_nothing_is_told_while_the_loss_is_to_be_guessed(screen: Screen) -> None:
    screen.open(f"target=outliers&loss=hidden-1&{LAYERS}")
    assert not screen.page.is_visible("#influence-card")
    screen.page.focus(".target[data-point='1']")
    screen.page.keyboard.press("ArrowUp")
    screen.settled()
    assert count(screen, "landscape", "circle") == 0
