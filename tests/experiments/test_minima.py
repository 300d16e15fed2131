"""The minima finder against figures certified in 50-digit arithmetic, against laws, and against slower ways."""

import json
import math
from functools import cache
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import models
from experiments.minima import minima
from experiments.smooth_minima import find
from experiments.targets import TARGETS
from explorer.study import Minima, TargetSet
from models.losses import MAE, MSE, Huber, LogCosh

LOSSES = {
    "mse": MSE(),
    "mae": MAE(),
    "huber(delta=1.0)": Huber(1.0),
    "huber(delta=0.25)": Huber(0.25),
    "log_cosh": LogCosh(),
}
CERTIFIED = json.loads((Path(__file__).parents[1] / "support" / "certified_minima.json").read_text(encoding="utf-8"))


def points(x: list[float], y: list[float]) -> TargetSet:
    return TargetSet("own", "", "", torch.tensor(x, dtype=torch.float64), torch.tensor(y, dtype=torch.float64), {})


@cache
def minima_of(name: str, loss_name: str) -> Minima:
    return minima(TARGETS[name], LOSSES[loss_name])


def value(loss, target: TargetSet, w: float, b: float) -> float:
    return float(loss(torch.tanh(w * target.x + b), target.y))


@pytest.mark.parametrize("loss_name", LOSSES)
@pytest.mark.parametrize("name", TARGETS)
def test_the_certified_minima_are_found_and_no_others(name, loss_name):
    found, expected = minima_of(name, loss_name), CERTIFIED[name][loss_name]
    # The figures are printed to 13 digits (infima 10, eigenvalues 8); the finder converges to rounding over the
    # smallest eigenvalue, 1e-16 / 1e-4.
    assert found.infimum_at_infinity == pytest.approx(expected["infimum"], rel=0, abs=1e-9)
    assert len(found.points) == len(expected["minima"])
    for wanted in expected["minima"]:
        near = min(found.points, key=lambda it: math.dist(it.theta, (wanted["w"], wanted["b"])))
        assert near.theta == pytest.approx((wanted["w"], wanted["b"]), rel=0, abs=1e-9)
        assert near.loss == pytest.approx(wanted["loss"], rel=0, abs=1e-9)
        if "eigenvalues" in wanted:
            assert near.eigenvalues == pytest.approx(wanted["eigenvalues"], rel=1e-6)
        else:
            assert near.eigenvalues is None
            # Margins are printed to three digits.
            margin = float(near.certificate.split("margin ")[1])
            assert margin == pytest.approx(wanted["margin"], rel=6e-3)


@pytest.mark.parametrize("name", TARGETS)
def test_minima_come_in_ascending_order(name):
    for loss_name in LOSSES:
        losses = [minimum.loss for minimum in minima_of(name, loss_name).points]
        assert losses == sorted(losses)


def test_notes_say_what_the_list_does_not():
    step = minima(TARGETS["step_labels"], MSE())
    assert step.points == ()
    assert step.note == "no finite minimum: L decreases towards 0 as w → +∞"
    wild = minima(TARGETS["wild_outlier"], MSE())
    assert wild.note == "the lowest finite minimum is a local one: L decreases towards 1.7323 as w → +∞"
    assert minima(TARGETS["two_points"], MSE()).note == ""


def test_certificates_name_the_kinks():
    (corner,) = minima(TARGETS["gentle_line"], MAE()).points
    assert corner.certificate == "kink vertex of points 1, 4, 7, margin 0.638"
    (edge,) = minima(TARGETS["sloped_line"], MAE()).points
    assert edge.certificate == "on the kink line of point 4, margin 1"
    (smooth,) = minima(TARGETS["noisy"], MSE()).points
    assert smooth.certificate.startswith("Newton: |∇L| ≤ 1e-1")


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_one_input_gives_a_line_of_minima(loss):
    found = minima(TARGETS["one_point"], loss)
    assert found.line == pytest.approx((1.0, 1.0, math.log(2)), abs=1e-14)
    assert found.points == ()
    assert found.infimum_at_infinity == pytest.approx(0, abs=1e-15)


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_the_line_is_lowest_across(loss):
    target = points([2.0, 2.0, 2.0], [-0.3, 0.4, 0.9])
    p, q, c = minima(target, loss).line
    on_line = [value(loss, target, w, (c - p * w) / q) for w in (-3.0, 0.0, 5.0)]
    # z = p w + q b is reproduced to rounding of numbers up to 10.
    assert max(on_line) - min(on_line) < 1e-14
    for shift in (-0.1, -1e-3, 1e-3, 0.1):
        assert value(loss, target, 0.0, c / q + shift) > on_line[1]


def test_a_strip_is_reported_as_one():
    found = minima(points([0.0, 0.0], [-0.5, 0.7]), MAE())
    assert math.tanh(found.line[2]) == pytest.approx(0.1, abs=1e-9)
    assert "strip" in found.note
    assert "from -0.5 to 0.7" in found.note


def test_unreachable_targets_at_one_input_have_no_minimum():
    found = minima(points([1.0, 1.0], [1.5, 3.0]), MSE())
    assert (found.points, found.line) == ((), None)
    assert found.infimum_at_infinity == pytest.approx((0.25 + 4) / 2, abs=1e-12)
    assert found.note.startswith("no finite minimum")


def test_a_flat_floor_is_not_reported_as_a_point():
    # At 0 and 2 any prediction between the two targets costs the same: the whole crease of point 0 is level.
    found = minima(points([1.0, 0.0, 0.0, 2.0, 2.0], [0.0, -0.5, 0.5, -0.5, 0.5]), MAE())
    assert found.points == ()
    assert found.note.startswith("L falls to 0.4 on a flat")


def test_an_interior_minimum_of_mae_is_found():
    # No target is reachable, so MAE has no crease at all: L = 2 - mean(sign(y) tanh(w x + b)), and on b = 0 its
    # slope is -(0.6 sech^2(0.3 w) - 2 sech^2(w) + 33 sech^2(3 w)) / 15, which rises through 0 near w = 1.09.
    half = [0.3] * 2 + [1.0] * 2 + [3.0] * 11
    signs = [1.0] * 2 + [-1.0] * 2 + [1.0] * 11
    target = points(half + [-x for x in half], [2 * sign for sign in signs] + [-2 * sign for sign in signs])
    found = minima(target, MAE())
    (minimum,) = found.points
    assert minimum.theta[1] == pytest.approx(0, abs=1e-9)
    w = minimum.theta[0]
    slope = 0.6 / math.cosh(0.3 * w) ** 2 - 2 / math.cosh(w) ** 2 + 33 / math.cosh(3 * w) ** 2
    assert slope == pytest.approx(0, abs=1e-9)
    assert minimum.eigenvalues[0] > 0
    assert_lowest_around(found, target, MAE())


def assert_lowest_around(found: Minima, target: TargetSet, loss) -> None:
    """No step of 1e-4 in 64 directions lowers the loss by more than its own rounding."""
    for minimum in found.points:
        w, b = minimum.theta
        here = value(loss, target, w, b)
        assert here == pytest.approx(minimum.loss, rel=1e-12, abs=1e-15)
        for turn in range(64):
            angle = 2 * math.pi * turn / 64
            there = value(loss, target, w + 1e-4 * math.cos(angle), b + 1e-4 * math.sin(angle))
            assert there > here - 1e-15 * (1 + here)


@pytest.mark.parametrize("loss_name", LOSSES)
@pytest.mark.parametrize("name", ["outliers", "mirror", "two_readings", "noisy", "sloped_line"])
def test_no_small_step_lowers_the_loss(name, loss_name):
    assert_lowest_around(minima_of(name, loss_name), TARGETS[name], LOSSES[loss_name])


coordinates = st.integers(-20, 20).map(lambda k: k / 10)


@settings(max_examples=12, deadline=None)
@given(
    st.lists(coordinates, min_size=2, max_size=8, unique=True),
    st.floats(-1.5, 1.5),
    st.floats(-1.0, 1.0),
    st.sampled_from(list(LOSSES)),
)
def test_data_made_by_the_neuron_has_one_minimum_there(x, w, b, loss_name):
    inputs = torch.tensor(x, dtype=torch.float64)
    target = TargetSet("own", "", "", inputs, torch.tanh(w * inputs + b), {})
    found = minima(target, LOSSES[loss_name])
    assert len(found.points) == 1
    # Targets are rounded to 1e-16; slopes 1 - y^2 are at least 1e-3 here and inputs at least 0.1 apart.
    assert found.points[0].theta == pytest.approx((w, b), rel=0, abs=1e-9)
    assert found.points[0].loss == pytest.approx(0, abs=1e-14)


@settings(max_examples=12, deadline=None)
@given(st.data())
def test_on_any_data_what_is_returned_is_a_minimum_or_a_reason(data):
    count = data.draw(st.integers(1, 7))
    x = data.draw(st.lists(coordinates, min_size=count, max_size=count))
    y = data.draw(st.lists(st.integers(-15, 15).map(lambda k: k / 10), min_size=count, max_size=count))
    target, loss = points(x, y), LOSSES[data.draw(st.sampled_from(list(LOSSES)))]
    found = minima(target, loss)
    assert found.points or found.line or found.note
    for minimum in found.points:
        w, b = minimum.theta
        rate = 1e-9 * (1 + max(map(abs, x)))
        for turn in range(64):
            angle = 2 * math.pi * turn / 64
            # A step that stays small against the width 1 / |w| of a steep curve.
            step = 1e-5
            there = value(loss, target, w + step * math.cos(angle), b + step * math.sin(angle))
            assert there >= minimum.loss - step * rate - 1e-15


@pytest.mark.parametrize("scale", [0.01, 100.0])
def test_units_of_the_inputs_do_not_matter(scale):
    noisy = TARGETS["noisy"]
    stretched = TargetSet("own", "", "", scale * noisy.x, noisy.y, {})
    for loss in (MSE(), MAE()):
        for ours, theirs in zip(minima(stretched, loss).points, minima(noisy, loss).points, strict=True):
            assert (scale * ours.theta[0], ours.theta[1]) == pytest.approx(theirs.theta, rel=1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_many_more_starts_find_nothing_more(seed):
    generator = torch.Generator().manual_seed(seed)
    count = 3 + 2 * seed
    x, y = (2 * torch.rand(count, generator=generator, dtype=torch.float64) - 1 for _ in range(2))
    u = (x - (x.max() + x.min()) / 2) / ((x.max() - x.min()) / 2)
    w = torch.exp(5 * torch.rand(1500, generator=generator, dtype=torch.float64) - 1)
    w *= torch.sign(torch.rand(1500, generator=generator, dtype=torch.float64) - 0.5)
    center = 3 * torch.rand(1500, generator=generator, dtype=torch.float64) - 1.5
    usual, _ = find(MSE(), u, y)
    more, _ = find(MSE(), u, y, torch.stack((w, -w * center), dim=1))
    assert usual.shape == more.shape
    torch.testing.assert_close(usual, more, rtol=1e-7, atol=1e-9)


def test_every_loss_of_the_menu_has_minima():
    for make in models.LOSSES.values():
        assert minima(TARGETS["two_points"], make()).points[0].loss == pytest.approx(0, abs=1e-15)
