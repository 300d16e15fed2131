"""What a path did and why: real paths of the lesson's target sets, one for every kind."""

import re
from functools import partial
from typing import get_args

import hypothesis.strategies as st
import pytest
import torch
from hypothesis import given, settings
from torch import nn
from torch.optim.lr_scheduler import StepLR

from experiments.targets import TARGETS
from explorer import Objective
from explorer.descent import OPTIMIZERS, descend, diagnose
from explorer.descent.diagnosis.diagnosis import _LOOKS, Kind
from explorer.descent.diagnosis.symptoms import crosses_crease
from explorer.descent.diagnosis.words import place
from models import LOSSES, MODELS
from tests.support.cases import Bowl


def on(target: str, loss: str = "mse") -> Objective:
    data = TARGETS[target]
    return Objective(MODELS["tanh_neuron"](), LOSSES[loss](), (data.x, data.y))


def diagnosed(target, start, optimizer="gd", lr=0.5, steps=200, loss="mse", **given):
    objective = on(target, loss)
    path = descend(objective, torch.tensor(start, dtype=torch.float64), optimizer, lr, steps, **given)
    return diagnose(objective, path)


STAGE = (-1.5, 1.5)
PATHS = {
    # Down to the exact fit, by every kind of step.
    "arrived": (("two_points", STAGE), {}, "converged", r"arrived at \(w, b\) = \(0.896, 0.203\): L = .* × 10⁻²⁷"),
    "arrived by RMSProp": (("two_points", STAGE, "rmsprop", 0.1), {}, "converged", "no more than 1 × 10⁻⁸ is left"),
    "arrived by L-BFGS": (("two_points", STAGE, "lbfgs", 1.0), {}, "converged", "arrived"),
    "at rest on a flat floor": (
        ("two_readings", (-1.5, 1.5), "momentum", 0.5),
        {},
        "converged",
        r"come to rest at \(w, b\) = \(10.4, −4.52\).* flat",
    ),
    "arrived along a line": (("one_point", STAGE), {}, "converged", "arrived"),
    "at the tolerance": (("two_points", STAGE), {"tolerance": 1e-2}, "converged", r"with a gradient of 0.00\d+\."),
    # Rates above 2 / lambda_max = 1 at the start.
    "thrown": (
        ("two_points", STAGE, "gd", 20.0),
        {},
        "plateau",
        r"^Step 1, 22.6 long, threw it onto a plateau: the rate 20 is above 2/λmax = 1 there\. L = 0.1 and",
    ),
    "led astray by Adam": (("two_points", STAGE, "adam", 1.0), {}, "plateau", "^It has come out on a plateau"),
    "thrown by RMSProp": (
        ("two_points", STAGE, "rmsprop", 0.5),
        {},
        "plateau",
        r"^Step 1, 7\.07 .* onto a plateau\. L",
    ),
    "led astray by momentum": (("two_points", STAGE, "momentum", 0.5), {}, "plateau", r"L = 0\.1 and the gradient"),
    "started flat": (
        ("two_points", (-30.0, 0.0)),
        {},
        "plateau",
        r"^It starts on a plateau: L = 2\.9 .* Start elsewhere",
    ),
    "come out flat": (("wild_outlier", (3.0, -2.0), "adam", 0.5, 3000), {}, "plateau", "^It has come out on a plateau"),
    "wall to wall": (
        ("two_points", STAGE, "gd", 2.6),
        {},
        "overshoots",
        r"the rate 2\.6 is above 2/λmax = \d\.\d+, so steps cross the floor to the opposite wall",
    ),
    "wall to wall in the tilted valley": (
        ("offset_line", (1.7447, -2.234), "gd", 0.2),
        {},
        "overshoots",
        r"the rate 0\.2 is above 2/λmax = 0\.15",
    ),
    "swinging": (("gentle_line", STAGE, "momentum", 0.2, 40), {}, "overshoots", "momentum carries it past the floor"),
    "swinging by Adam": (
        ("two_points", STAGE, "adam", 0.3, 60),
        {},
        "overshoots",
        "steps about 0.* long cross the floor",
    ),
    # Creases of the mean absolute error.
    "chatter": (("two_points", STAGE, "gd", 0.1), {"loss": "mae"}, "chatter", r"steps about 0\.02\d* long cross it"),
    "chatter of Adam": (("two_points", STAGE, "adam", 0.1), {"loss": "mae"}, "chatter", "Only a falling rate"),
    "chatter in noise": (("noisy", STAGE, "gd", 0.5), {"loss": "mae"}, "chatter", "where the slope jumps"),
    "noise": (("noisy", STAGE), {"batch_size": 2}, "noise", "the gradient of 2 samples alone"),
    "noise of one": (("noisy", STAGE), {"batch_size": 1}, "noise", "the gradient of 1 sample alone"),
    "slow": (("two_points", STAGE, "gd", 0.01), {}, "slow", r"the rate is 0\.01, 1/289 of 2/λmax = 2\.89"),
    "slowed down": (
        ("two_points", STAGE, "gd", 0.5, 60),
        {"scheduler": partial(StepLR, step_size=4, gamma=0.3)},
        "slow",
        "^The schedule has brought the rate down to .* × 10⁻",
    ),
    "a valley": (
        ("short_baseline", (2.534, 0.0), "gd", 1.06, 100),
        {},
        "trough",
        r"the curvature along it \(0\.0287\) is 64\.\d times smaller than across \(1\.84\)",
    ),
    "a tilted valley": (("offset_line", (1.7447, -2.234), "gd", 0.1488), {}, "trough", "is 3.. times smaller"),
    "an endless trough": (
        ("sloped_line", (6.0, 0.0), "gd", 1.0),
        {},
        "trough",
        r"whose floor bends down \(curvature −0\.00135; 0\.217 across\): the gradient has faded to 0\.00138, "
        r"and the loss falls by 1\.78 × 10⁻⁶ a step",
    ),
    "far out in it": (("sloped_line", (10.0, 0.0), "gd", 1.0), {}, "trough", "faded to 2.03 × 10⁻⁵"),
    "on its way": (("two_points", STAGE, "adam", 0.05, 50), {}, "falling", r"from .* to .* in the last 12 steps"),
    "Adagrad on its way": (("two_points", STAGE, "adagrad", 0.1), {}, "falling", "More steps lead further"),
    "not begun": (("two_points", STAGE, "gd", 0.5, 0), {}, "stalled", "It has not taken a step yet"),
    "frozen": (("two_points", STAGE, "adam", 0.0, 20), {}, "stalled", r"no longer gains: L = 1\.\d+"),
}


@pytest.mark.parametrize(("path", "more", "kind", "words"), PATHS.values(), ids=PATHS)
def test_a_path_is_recognized(path, more, kind, words):
    found = diagnosed(*path, **more)
    assert found.kind == kind, found.sentence
    assert re.search(words, found.sentence), found.sentence
    assert_plain(found.sentence)


def assert_plain(sentence):
    assert sentence.endswith(".")
    assert not re.search(r"nan|inf\b|None|tensor|e-\d|  ", sentence)
    assert len(sentence) < 260


def test_every_kind_has_a_path():
    rest = {"diverged", "saddle"}
    assert {kind for _, _, kind, _ in PATHS.values()} | rest == set(get_args(Kind))
    assert list(get_args(Kind)) == ["diverged", *_LOOKS, "falling"]


def well(*curvatures: float) -> Objective:
    spectrum = torch.tensor(curvatures, dtype=torch.float64)
    return Objective(Bowl(torch.diag(spectrum), torch.zeros_like(spectrum)), terms={"bowl": lambda m: m()})


@pytest.mark.parametrize(
    ("optimizer", "lr", "options", "words"),
    [
        ("gd", 1.3, {}, r"the rate 1\.3 is above 2/λmax = 0\.8, so each step overshoots by more than it gains"),
        ("momentum", 2.0, {}, r"the rate 2 is above 1\.52, the limit with momentum 0\.9, so"),
        ("rmsprop", 0.1, {"momentum": 1.5}, r"its numbers are no longer finite\. A smaller rate keeps them so"),
    ],
)
def test_a_diverged_path_says_where_and_why(optimizer, lr, options, words):
    objective = well(2.5, 0.5)
    path = descend(objective, torch.ones(2, dtype=torch.float64), optimizer, lr, 5000, options)
    assert path.outcome == "diverged"
    found = diagnose(objective, path)
    assert found.kind == "diverged"
    assert re.match(rf"It diverged at step {len(path) - 1}, last seen at theta: ", found.sentence)
    assert re.search(words, found.sentence), found.sentence


def test_a_path_may_diverge_before_its_first_step():
    model = nn.Linear(1, 1, bias=False).double()
    nn.init.zeros_(model.weight)
    objective = Objective(model, terms={"power": lambda m: m.weight.mul(1000).exp().sum()})
    path = descend(objective, torch.ones(1, dtype=torch.float64), "gd", 0.1, 5)
    assert len(path) == 1
    assert diagnose(objective, path).sentence.startswith("It diverged at step 0, last seen at weight = 1: from there")


def test_the_rate_is_compared_where_the_loss_first_rises():
    model = nn.Linear(1, 1, bias=False).double()
    objective = Objective(model, terms={"quartic": lambda m: m.weight.pow(4).sum() / 4})
    path = descend(objective, torch.tensor([1.2], dtype=torch.float64), "gd", 2.0, 50)
    found = diagnose(objective, path)
    assert found.kind == "diverged"
    # 2 / (3 * 1.44) at the start, where the first step already raises the loss.
    assert "above 2/λmax = 0.463" in found.sentence
    assert "last seen at weight = " in found.sentence


def test_a_saddle_is_no_minimum():
    objective = well(1.0, -0.5)
    path = descend(objective, torch.tensor([1.0, 0.0], dtype=torch.float64), "gd", 0.5, 200)
    found = diagnose(objective, path)
    assert found.kind == "saddle"
    assert re.search(r"at no minimum: .* bends down \(curvature −0\.5\)", found.sentence)


def test_a_saddle_in_the_lesson():
    # Between the mirrored minima, on w = 0: for MSE a third minimum, for log-cosh none.
    found = diagnosed("mirror", (0.0, -1.0), "gd", 0.5, 300, "log_cosh")
    assert found.kind == "saddle", found.sentence


@pytest.mark.parametrize(("loss", "expected"), [("mae", True), ("huber", False), ("mse", False), ("log_cosh", False)])
def test_a_crease_is_told_from_a_steep_wall(loss, expected):
    """Across the floor of `two_points` in one step: only MAE's slope jumps."""
    objective = on("two_points", loss)
    path = descend(objective, torch.tensor([0.85, 0.3], dtype=torch.float64), "gd", 0.3 if expected else 2.2, 12)
    assert crosses_crease(objective, path) is expected


def test_a_path_without_a_step_crosses_nothing():
    objective = on("two_points", "mae")
    assert not crosses_crease(objective, descend(objective, torch.zeros(2, dtype=torch.float64), "gd", 0.1, 0))


def test_a_network_is_diagnosed_too():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 12), nn.Tanh(), nn.Linear(12, 1)).double()
    x = torch.randn(20, 4, dtype=torch.float64)
    objective = Objective(model, nn.MSELoss(), (x, x[:, :1]))
    assert objective.layout.size > 64
    assert diagnose(objective, descend(objective, objective.theta, "gd", 1e-4, 20)).kind == "slow"
    assert diagnose(objective, descend(objective, objective.theta, "adam", 1e-2, 20)).kind == "falling"


@settings(deadline=None, max_examples=25)
@given(
    st.sampled_from(sorted(TARGETS)),
    st.sampled_from(sorted(LOSSES)),
    st.sampled_from(sorted(OPTIMIZERS)),
    st.tuples(st.floats(-20, 20), st.floats(-20, 20)),
    st.floats(1e-3, 100),
    st.integers(0, 15),
    st.sampled_from([None, 1, 3]),
)
def test_every_path_is_spoken_of_in_plain_words(target, loss, optimizer, start, lr, steps, batch_size):
    found = diagnosed(target, start, optimizer, lr, steps, loss, batch_size=batch_size)
    assert found.kind in get_args(Kind)
    assert_plain(found.sentence)


def test_places_are_named_by_their_parameters():
    assert place(on("two_points"), torch.tensor([0.5, -1.25])) == "(w, b) = (0.5, −1.25)"
    assert place(well(1.0, 2.0), torch.zeros(2)) == "theta"
