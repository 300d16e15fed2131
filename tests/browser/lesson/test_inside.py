"""The tape, the code and the losses: what is shown multiplies out, runs, and agrees."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.screen import Screen
from tests.support.page.programs import printed


def run(program: str) -> list[float]:
    return [float(number) for number in re.findall(r"= *([-+.\deE]+)\s*$", printed(program), re.MULTILINE)][-3:]


@pytest.mark.parametrize("loss", ["mse", "mae", "huber", "log_cosh"])
@pytest.mark.parametrize("target", ["two_points", "wild_outlier", "own&points=-1_0.5~0.25_-1.5~3_2"])
def test_the_copied_code_prints_what_the_screen_shows(screen: Screen, loss: str, target: str) -> None:
    screen.open(f"target={target}&loss={loss}&delta=0.3&w=0.4&b=-0.3&n=17")
    screen.page.click("#copy-code")
    screen.page.wait_for_function("() => document.querySelector('#copy-code').textContent === 'Copied'")
    program = screen.evaluate("navigator.clipboard.readText()")
    shown = [screen.value(f"readout-{name}") for name in ("loss", "dw", "db")]
    assert run(program) == pytest.approx(shown, rel=1e-12, abs=1e-12)


def test_the_chain_rule_multiplies_out_to_the_arrow(screen: Screen) -> None:
    screen.open("target=noisy&loss=log_cosh&w=0.5&b=0.5")
    said = screen.page.locator("#chain p")
    # Products of five factors, summed over 15 points, in another order than torch's: a few ulp.
    assert float(said.get_attribute("data-sum-w") or 0) == pytest.approx(screen.value("readout-dw"), rel=1e-12)
    assert float(said.get_attribute("data-sum-b") or 0) == pytest.approx(screen.value("readout-db"), rel=1e-12)
    differences = screen.evaluate("explorer.reply.point.differences")
    # Central differences with h = eps^(1/3): truncation and rounding both of order eps^(2/3) = 4e-11.
    assert differences == pytest.approx([screen.value("readout-dw"), screen.value("readout-db")], abs=1e-8)


def test_the_tape_is_walked_forward_and_backward(screen: Screen) -> None:
    screen.open()
    screen.says("tape", "TanhBackward0")
    screen.page.click("#tape-forward")
    screen.says("tape-step", "step 1 of 11: forward computes z")
    assert screen.text("tape").count("…") >= 9
    for _ in range(10):
        screen.page.click("#tape-forward")
    screen.says("tape-step", "backward reaches w and b")
    screen.page.click("#tape-back")
    screen.says("tape-step", "∂L/∂z")
    screen.page.click("#tape-points button:has-text('all points')")
    expect(screen.page.locator("#chain tbody tr")).to_have_count(2)


def test_torch_says_why_a_vector_has_no_gradient(screen: Screen) -> None:
    screen.open()
    screen.page.click("text=What if the loss is a vector?")
    screen.says("vector", "grad can be implicitly created only for scalar outputs")


def test_huber_says_what_happens_at_the_largest_residual(screen: Screen) -> None:
    screen.open("target=outliers&loss=huber&w=1&b=0")
    screen.says("ell-says", "clipped")
    screen.page.fill("#delta", "3")
    screen.page.press("#delta", "Enter")
    screen.settled()
    screen.says("ell-says", "MSE/2")
    expect(screen.page.locator("[data-plot=ell] .residual-dot")).to_have_count(9)


def test_the_delta_slider_moves_the_map_on_release(screen: Screen) -> None:
    screen.open("target=outliers&loss=huber")
    before = screen.evaluate("explorer.reply.map.maps[0].codes")
    screen.page.focus("#delta-slider")
    screen.page.keyboard.press("End")
    screen.settled()
    assert screen.value("delta") == 10
    assert screen.evaluate("explorer.reply.map.maps[0].codes") != before
