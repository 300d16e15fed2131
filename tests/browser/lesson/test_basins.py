"""Zooming, and the map of where descents end."""

import numpy as np
import pytest
import torch
from playwright.sync_api import expect

import models
from experiments import TARGETS
from explorer import Grid, Objective, basins, directions
from explorer.dashboard.lesson.objectives import squared
from tests.browser.axe import violations
from tests.browser.screen import PHONE, Screen


def window(screen: Screen) -> list[float]:
    return [float(end) for end in screen.query().get("window", "").split("_") if end]


def drawn(screen: Screen) -> Screen:
    """Wait until the basin map of the present state is finished."""
    screen.page.wait_for_function("() => explorer.basins.done()")
    return screen


def cells(screen: Screen) -> np.ndarray:
    """Return the numbers of the map's cells, rows upwards."""
    return np.array(screen.evaluate("explorer.basins.shown().z.map((row) => Array.from(row))"))


def test_zooming_is_in_the_address_and_everything_follows(screen: Screen) -> None:
    screen.open("w=0.5&b=-1&n=81")
    screen.page.click("#zoom-in")
    screen.settled()
    assert window(screen) == [-1.5, 2.5, -3.0, 1.0]
    assert screen.evaluate("explorer.reply.map.window") == {"w": [-1.5, 2.5], "b": [-3, 1]}
    # The same pixel means the same place: a click there moves the point there.
    screen.click(1.25, 0.5)
    assert (screen.value("w"), screen.value("b")) == pytest.approx((1.25, 0.5), abs=0.006)
    screen.page.focus("[data-map=landscape] .layer")
    for _ in range(3):
        screen.page.keyboard.press("+")
        screen.settled()
    assert window(screen)[1] - window(screen)[0] == pytest.approx(0.5)
    x, y = screen.pixel(screen.value("w"), screen.value("b"))
    left, top = screen.pixel(window(screen)[0], window(screen)[3])
    right, bottom = screen.pixel(window(screen)[1], window(screen)[2])
    assert (x, y) == pytest.approx(((left + right) / 2, (top + bottom) / 2), abs=1)
    screen.page.keyboard.press("-")
    screen.settled()
    assert window(screen)[1] - window(screen)[0] == pytest.approx(1.0)
    around = window(screen)
    x, y = screen.pixel(*(around[i] + 0.25 * (around[i + 1] - around[i]) for i in (0, 2)))
    screen.page.mouse.move(x, y)
    screen.page.keyboard.down("Control")
    screen.page.mouse.wheel(0, -200)
    screen.page.keyboard.up("Control")
    screen.page.wait_for_function("(width) => explorer.state.window[1] - explorer.state.window[0] < width", arg=0.9)
    screen.settled()
    # The place under the pointer stays there: a quarter into both windows.
    assert window(screen)[0] + 0.25 * (window(screen)[1] - window(screen)[0]) == pytest.approx(
        around[0] + 0.25 * (around[1] - around[0]), abs=0.004
    )
    screen.page.go_back()
    screen.page.wait_for_function("() => explorer.state.window[1] - explorer.state.window[0] > 0.9")
    screen.page.go_back()
    screen.page.wait_for_function("() => explorer.state.window[1] - explorer.state.window[0] < 0.6")
    screen.settled().page.click("#zoom-reset")
    assert "window" not in screen.settled().query()
    screen.evaluate("explorer.zoom.fit([[7, 0], [-1, 2], [0.5, NaN]])")
    screen.settled()
    w_low, w_high, b_low, b_high = window(screen)
    assert w_low < -1 < 7 < w_high < 9
    # As high as it is wide, about the same middle.
    assert b_low < 0 < 2 < b_high
    assert (b_high - b_low, b_low + b_high) == pytest.approx((w_high - w_low, 2), abs=0.01)
    screen.evaluate("explorer.zoom.fit([[1, 1]])")
    assert "window" not in screen.settled().query()


def test_a_window_can_be_as_small_as_a_billionth(screen: Screen) -> None:
    screen.open("window=1_1.000000001_0.5_0.500000001&w=1.0000000005&b=0.5000000005&n=33")
    screen.page.focus("[data-map=landscape] .layer")
    screen.page.keyboard.press("ArrowRight")
    screen.settled()
    assert screen.value("w") - 1 == pytest.approx(5e-10 + 1e-9 / 160, rel=1e-2)
    screen.page.keyboard.press("+")
    screen.settled()
    assert window(screen)[1] - window(screen)[0] == pytest.approx(1e-9, rel=1e-3)
    expect(screen.page.locator("#notes")).to_have_text("", use_inner_text=True)


def test_the_basin_map_is_torchs_and_follows_the_controls(screen: Screen) -> None:
    screen.open("view=basins&target=two_readings&n=41&steps=300&basin=momentum&lr=0.3&w=1&b=0")
    drawn(screen)
    data = TARGETS["two_readings"]
    objective = Objective(models.MODELS["tanh_neuron"](), models.LOSSES["mse"](), (data.x, data.y))
    grid = Grid({label: (*ends, 41) for label, ends in squared(data.window).items()})
    expected = basins(objective, directions.axes(objective, "w", "b"), grid, "momentum", 0.3, 300, progress=False)
    reached = expected.minimum.values.T
    np.testing.assert_array_equal(cells(screen), np.where(reached >= 0, reached, 2))
    assert screen.page.locator("#basins-kinds li").all_inner_texts()[0].startswith("θ*1 (2.15, -0.385)")
    screen.says("basins-says", f"{100 * (reached == 0).mean():.0f} % have reached θ*1")
    label = screen.page.get_attribute("[data-plot=basins] .layer", "aria-label") or ""
    assert "Momentum" in label
    assert "have reached" in label
    before = cells(screen)
    screen.page.click("#basin-gd")
    after = cells(drawn(screen))
    assert (after != before).any()
    screen.page.fill("#lr", "1.5")
    screen.page.press("#lr", "Enter")
    assert (cells(drawn(screen)) != after).any()
    screen.page.click("#show-loss")
    drawn(screen)
    expect(screen.page.locator("#basins-card .says")).to_contain_text("Final loss", use_inner_text=True)
    assert screen.query()["basin"] == "gd"
    screen.page.mouse.click(*screen.pixel(2.5, -1, "basins"))
    screen.settled()
    assert (screen.value("w"), screen.value("b")) == pytest.approx((2.5, -1), abs=0.02)
    screen.page.click("#zoom-in")
    drawn(screen)
    assert screen.evaluate("explorer.basins.shown().axes[0]") == window(screen)[:2]


def test_across_rates_a_click_chooses_start_and_rate(screen: Screen) -> None:
    screen.resize(PHONE)
    screen.open("view=basins&across=rates&n=41&steps=20&show=diverged&mode=dark")
    drawn(screen)
    screen.page.mouse.click(*screen.pixel(1.0, 0.0, "basins"))
    screen.settled()
    drawn(screen)
    assert screen.value("w") == pytest.approx(1.0, abs=0.02)
    assert screen.state()["lr"] == pytest.approx(1.0, rel=0.03)
    assert screen.state()["b"] == 1.5
    model = models.MODELS["tanh_neuron"](-4.0, 1.5)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    data, losses = TARGETS["two_points"], []
    for _ in range(21):
        optimizer.zero_grad()
        loss = models.LOSSES["mse"]()(model(data.x), data.y)
        loss.backward()
        losses.append(loss.item())
        optimizer.step()
    assert cells(screen)[0, 0] == (0 if abs(losses[-1] - losses[-2]) <= 1e-8 else 1)
    assert violations(screen.page) == []
    screen.narrow(390)
