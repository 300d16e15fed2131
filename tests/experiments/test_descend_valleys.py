"""Gradient descent in the lesson's valleys: the numbers of steps, and the exercises that ask for them."""

import re

import pytest
import torch

from experiments.activities.descend_valleys import DESCEND_VALLEYS, FAR_STEPS, MOST
from experiments.activities.descending import CLOSE, bottom, count
from experiments.targets import TARGETS
from explorer.study import Verdict, Visit

BY_NAME = {activity.name: activity for activity in DESCEND_VALLEYS}
STARTS = {"baseline": (2.533984, 0.0), "tilted": (1.744674, -2.234021), "trough": (6.0, 0.0)}
DATA = {"baseline": "short_baseline", "tilted": "offset_line", "trough": "sloped_line"}


def plain_descent(target: str, start: tuple[float, float], lr: float, most: int, shift: float = 0.0) -> int | None:
    """The formula of the gradient and a loop: steps until L - L* < 1e-8."""
    data, lowest = TARGETS[target], bottom(target, shift).loss
    x, y = (data.x - shift).numpy(), data.y.numpy()
    w, b = start
    for step in range(most + 1):
        t = torch.tanh(torch.from_numpy(w * x + b)).numpy()
        if ((t - y) ** 2).mean() - lowest < CLOSE:
            return step
        slope = 2 * (t - y) * (1 - t * t)
        w, b = w - lr * (slope * x).mean(), b - lr * slope.mean()
    return None


# kappa and steps: the numbers, found with another program. Near L - L* = 1e-8 a step of these descents lowers L
# by 1e-10 or more, 1e6 times the rounding of L: every correct float64 program counts the same.
@pytest.mark.parametrize(
    ("target", "shift", "condition", "steps"),
    [("short_baseline", 0.0, 63.682248, 231), ("offset_line", 0.0, 322.91253, 1064), ("offset_line", 3.0, 3.046, 19)],
)
def test_steps_at_the_best_constant_rate(target, shift, condition, steps):
    there = bottom(target, shift)
    assert there.limits.condition == pytest.approx(condition, rel=2e-4 if shift else 1e-7)
    assert there.limits.best_rate == pytest.approx(2 / (there.limits.lambda_min + there.limits.lambda_max), rel=1e-15)
    start = (there.w + 1, there.b)
    assert count(target, *start, there.limits.best_rate, MOST, shift).steps == steps
    assert plain_descent(target, start, there.limits.best_rate, MOST, shift) == steps


def test_steps_out_of_the_trough():
    assert count("sloped_line", 6.0, 0.0, 1.0, MOST).steps == 1037
    assert plain_descent("sloped_line", (6.0, 0.0), 1.0, MOST) == 1037
    assert plain_descent("sloped_line", (10.0, 0.0), 1.0, MOST) is None


@pytest.mark.slow
def test_steps_from_far_out_in_the_trough():
    assert count("sloped_line", 10.0, 0.0, 1.0, 60_000).steps == FAR_STEPS
    assert plain_descent("sloped_line", (10.0, 0.0), 1.0, 60_000) == FAR_STEPS


def test_a_start_on_the_floor_hides_a_rate_that_is_too_high():
    assert count("short_baseline", *STARTS["baseline"], 1.5, MOST).steps == 163
    assert count("short_baseline", STARTS["baseline"][0], 1e-3, 1.5, MOST).steps is None


def test_centering_leaves_the_minimum_where_it_is():
    plain, centered = bottom("offset_line"), bottom("offset_line", 3.0)
    assert (centered.w, centered.loss) == (plain.w, plain.loss)
    # b + 3 w, rounded.
    assert centered.b == pytest.approx(plain.b + 3 * plain.w, abs=1e-15)


def verdict(name: str, **changes) -> Verdict:
    given = {"opt": ("gd",), "steps": 1200, **changes}
    start = given.pop("start", STARTS[name])
    return BY_NAME[f"descend_{name}"].check([Visit(DATA[name], "mse", {"delta": 0.25}, *start, **given)], "")


@pytest.mark.parametrize(
    ("name", "lr", "steps"), [("baseline", 1.0615, "231"), ("tilted", 0.14883, "1,064"), ("trough", 1.0, "1,037")]
)
def test_it_is_done_by_a_fast_enough_descent(name, lr, steps):
    said = verdict(name, lr=lr)
    assert said.done
    assert f"after {steps} steps at rate" in said.message
    assert said.table[1] == (f"yours, rate {lr:.4g}", steps)
    assert verdict(name, lr=3.0, opt=("adam", f"gd@{lr}", "gd")).done


def test_the_tables_compare():
    assert verdict("baseline", lr=1.0615).table[2:] == (("κ = 63.68, rate 2/(λmin + λmax) = 1.062", "231"),)
    assert [row[1] for row in verdict("tilted", lr=0.14883).table[2:]] == ["1,064", "19"]
    assert [row[1] for row in verdict("trough", lr=1.0).table[2:]] == ["223", "49,745"]


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        ("baseline", {"opt": ()}, "Show the path of gradient descent"),
        ("baseline", {"opt": ("adam", "momentum")}, "Show the path of gradient descent"),
        ("baseline", {"opt": ("gd@fast",)}, "Show the path of gradient descent"),
        ("baseline", {"lr": 1.06, "schedule": "cosine"}, "set the schedule to none"),
        ("baseline", {"lr": 1.06, "batch": 4}, "take the full batch"),
        ("baseline", {"lr": 1.06, "start": (1.6, 0.0)}, r"Start at \(w, b\) = \(2.534, 0.000\); your path starts at"),
        ("baseline", {"lr": 1.0}, "after 246 steps at rate 1; 240 can do"),
        (
            "baseline",
            {"lr": 0.5, "steps": 240},
            "After 240 steps at rate 0.5 L − L[*] is .* × 10⁻.*Another rate is needed",
        ),
        ("baseline", {"lr": 1.06, "steps": 230}, "It needs more steps, or another rate"),
        ("baseline", {"lr": 1.5}, "The rate 1.5 is above 2/λmax = 1.078 at the minimum"),
        ("trough", {"lr": 1.0, "steps": 1036}, r"After 1,036 steps .*\. It needs more steps\."),
        ("trough", {"lr": 2.0}, "The count is of the rate 1; yours is 2"),
    ],
)
def test_what_is_missing_is_told(name, changes, words):
    said = verdict(name, **changes)
    assert not said.done
    assert said.table == ()

    assert re.search(words, said.message), said.message


@pytest.mark.parametrize("name", STARTS)
def test_the_start_asked_for_is_one_beyond_the_minimum(name):
    setup = BY_NAME[f"descend_{name}"].setup
    assert (float(setup["w"]), float(setup["b"])) == STARTS[name]
    if name != "trough":
        there = bottom(DATA[name])
        # Written with six decimals.
        assert STARTS[name] == pytest.approx((there.w + 1, there.b), abs=5e-7)
