"""The point: clicked, dragged, typed and walked by keys; torch's numbers at exactly that place."""

import math

import pytest
import torch
from playwright.sync_api import expect

import models
from experiments import TARGETS
from tests.browser.screen import Screen


def truth(target: str, loss: str, w: float, b: float, **options: float) -> tuple[float, float, float]:
    """Return (L, dL/dw, dL/db) by plain PyTorch, apart from everything the page uses."""
    neuron = models.MODELS["tanh_neuron"](w, b)
    value = models.LOSSES[loss](**options)(neuron(TARGETS[target].x), TARGETS[target].y)
    value.backward()
    return value.item(), neuron.w.grad.item(), neuron.b.grad.item()


def assert_truth(screen: Screen, target: str, loss: str, **options: float) -> None:
    w, b = screen.value("w"), screen.value("b")
    shown = [screen.value(f"readout-{name}") for name in ("loss", "dw", "db")]
    # The same operations in the same order, batched or not: a few ulp apart at most.
    assert shown == pytest.approx(truth(target, loss, w, b, **options), rel=1e-12, abs=1e-15)


def test_a_click_puts_the_point_exactly_there(screen: Screen) -> None:
    screen.open()
    for w, b in [(0.3217, -1.8841), (-3.9, 3.9), (2.005, 0.013)]:
        x, y = screen.pixel(w, b)
        screen.page.mouse.click(x, y)
        screen.settled()
        # Not snapped to a grid of 161 (0.05 apart): the pointer's position to the browser's own precision.
        assert (screen.value("w"), screen.value("b")) == pytest.approx((w, b), abs=0.011)
        px, py = screen.pixel(screen.value("w"), screen.value("b"))
        assert (px, py) == pytest.approx((x, y), abs=0.51)
        assert_truth(screen, "two_points", "mse")


def test_a_drag_moves_at_once_and_asks_torch_once_on_release(screen: Screen) -> None:
    screen.open("target=outliers&loss=huber")
    asked: list[str] = []
    screen.page.on("request", lambda request: asked.append(request.post_data or ""))
    screen.hold(-1, 1)
    for i in range(8):
        screen.page.mouse.move(*screen.pixel(-1 + i / 4, 1 - i / 4))
        screen.page.wait_for_timeout(20)
    assert screen.page.get_attribute("#readout-loss", "data-source") == "preview"
    assert screen.value("w") == pytest.approx(0.75, abs=0.02)
    assert not [body for body in asked if "point.data" in body]
    screen.page.mouse.up()
    screen.settled()
    assert len([body for body in asked if "point.data" in body]) == 1
    assert_truth(screen, "outliers", "huber", delta=0.25)


def test_arrow_keys_move_fine_and_coarse(screen: Screen) -> None:
    screen.open("w=0&b=0")
    screen.page.focus("[data-map=landscape] .layer")
    for key, by in [("ArrowRight", 0.05), ("Shift+ArrowRight", 0.25), ("Alt+ArrowRight", 0.001)]:
        before = screen.value("w")
        screen.page.keyboard.press(key)
        screen.settled()
        assert screen.value("w") - before == pytest.approx(by, abs=1e-9)
    screen.page.keyboard.press("ArrowDown")
    screen.settled()
    assert screen.value("b") == pytest.approx(-0.05, abs=1e-9)
    assert_truth(screen, "two_points", "mse")


def test_typed_numbers_are_taken_to_the_last_digit(screen: Screen) -> None:
    screen.open()
    screen.page.fill("#w", "0.1234567890123")
    screen.page.press("#w", "Enter")
    screen.page.fill("#b", "-17.5")
    screen.page.press("#b", "Tab")
    screen.settled()
    assert (screen.value("w"), screen.value("b")) == (0.1234567890123, -17.5)
    assert_truth(screen, "two_points", "mse")


@pytest.mark.parametrize("typed", ["", "1e9"])
def test_a_typed_value_that_cannot_be_is_refused_in_words(screen: Screen, typed: str) -> None:
    screen.open("w=0.5")
    screen.page.fill("#w", typed)
    screen.page.press("#w", "Enter")
    screen.says("notes", "w stays 0.5")
    assert screen.value("w") == 0.5


@pytest.mark.parametrize("loss", ["mse", "mae", "huber", "log_cosh"])
def test_preview_and_torch_agree_everywhere(screen: Screen, loss: str) -> None:
    screen.open("target=noisy&n=17")
    script = """([w, b, loss, delta]) => {
        const { loss: value, gradient } = explorer.preview.neuron.at([w, b], explorer.data(), { loss, delta });
        return [value, ...gradient];
    }"""
    generator = torch.Generator().manual_seed(0)
    for w, b in (torch.rand(40, 2, generator=generator, dtype=torch.float64) * 12 - 6).tolist():
        shown = screen.evaluate(script, [w, b, loss, 0.25])
        expected = truth("noisy", loss, w, b, **({"delta": 0.25} if loss == "huber" else {}))
        # 1 - tanh^2 is exact to eps * cosh^2(z), z up to 18 here: relative to the largest term, 1e-9 covers the sum.
        assert shown == pytest.approx(expected, rel=1e-9, abs=1e-13)


def test_zero_gradient_is_drawn_as_zero(screen: Screen) -> None:
    # At (0, 0) on this data every residual of MAE is 0: sign(0) = 0, so torch's gradient is exactly zero.
    screen.open("target=own&points=-1_0~1_0&loss=mae&w=0&b=0")
    assert screen.value("readout-norm") == 0
    expect(screen.page.locator("[data-map=landscape] .downhill")).to_have_count(0)
    screen.says("live", "exactly zero")


def test_the_arrow_points_down_the_gradient(screen: Screen) -> None:
    screen.open("target=outliers&w=1.5&b=1.2&layers=none")
    path = screen.page.get_attribute("[data-map=landscape] path.downhill:not(.casing):not(.head)", "d") or ""
    (x0, y0), (x1, y1) = [tuple(map(float, pair.split(","))) for pair in path.removeprefix("M").split("L")]
    # One unit of w is one of b: the way on the screen is that of -grad L, pixels counting downwards.
    drawn = math.atan2(y0 - y1, x1 - x0)
    gradient = math.atan2(-screen.value("readout-db"), -screen.value("readout-dw"))
    assert drawn == pytest.approx(gradient, abs=0.02)


def test_each_point_pulls_and_their_mean_is_the_gradient(screen: Screen) -> None:
    screen.open("target=wild_outlier&w=1&b=0")
    pulls = screen.evaluate("explorer.reply.point.pulls")
    assert len(pulls) == 9
    mean = [sum(column) / 9 for column in zip(*pulls, strict=True)]
    assert mean == pytest.approx([screen.value("readout-dw"), screen.value("readout-db")], rel=1e-12)
    drawn = screen.page.locator("[data-map=landscape] path.head.pull:not(.casing)").count()
    assert 1 <= drawn <= 9


def test_a_step_is_what_sgd_does_and_can_be_undone(screen: Screen) -> None:
    screen.open("w=-1&b=1&lr=0.4")
    neuron = models.MODELS["tanh_neuron"](-1.0, 1.0)
    optimizer = torch.optim.SGD(neuron.parameters(), lr=0.4)
    data = TARGETS["two_points"]
    for _ in range(3):
        optimizer.zero_grad()
        models.LOSSES["mse"]()(neuron(data.x), data.y).backward()
        optimizer.step()
        screen.page.click("#step")
        screen.settled()
    assert (screen.value("w"), screen.value("b")) == pytest.approx((neuron.w.item(), neuron.b.item()), rel=1e-12)
    screen.says("step-says", "Step 3")
    screen.page.click("#step-undo")
    screen.settled()
    screen.page.click("#step-back")
    screen.settled()
    assert (screen.value("w"), screen.value("b")) == (-1, 1)
