"""Limits of the rate: from Hessians that are known."""

import json
import math
from pathlib import Path

import pytest
import torch
from torch import nn

from experiments.targets import TARGETS
from explorer import Objective
from explorer.descent import limits
from models import LOSSES, MODELS
from tests.support.cases import Bowl

CERTIFIED = json.loads((Path(__file__).parents[1] / "support" / "certified_minima.json").read_text(encoding="utf-8"))
SMOOTH = [name for name in TARGETS if CERTIFIED[name]["mse"]["minima"]]


def on(target: str, loss: str = "mse") -> Objective:
    data = TARGETS[target]
    return Objective(MODELS["tanh_neuron"](), LOSSES[loss](), (data.x, data.y))


def diagonal(*values: float, dtype: torch.dtype = torch.float64) -> Objective:
    spectrum = torch.tensor(values, dtype=dtype)
    return Objective(Bowl(torch.diag(spectrum), torch.zeros_like(spectrum)), terms={"bowl": lambda m: m()})


def test_a_known_spectrum():
    objective = diagonal(2.0, 8.0, 4.5)
    found = limits(objective, torch.ones(3, dtype=torch.float64))
    assert (found.lambda_min, found.lambda_max, found.condition) == pytest.approx((2, 8, 4), rel=1e-15)
    assert (found.stable_rate, found.best_rate) == pytest.approx((0.25, 0.2), rel=1e-15)
    # Polyak: (sqrt 8 + sqrt 2)^2 = 18, (2 - 1) / (2 + 1) squared.
    assert (found.momentum_rate, found.momentum) == pytest.approx((4 / 18, 1 / 9), rel=1e-14)


@pytest.mark.parametrize("name", SMOOTH)
def test_the_certified_minima(name):
    """Eigenvalues from 50-digit arithmetic, written with eight digits, at places written with twelve."""
    for minimum in CERTIFIED[name]["mse"]["minima"]:
        found = limits(on(name), torch.tensor([minimum["w"], minimum["b"]], dtype=torch.float64))
        assert (found.lambda_min, found.lambda_max) == pytest.approx(minimum["eigenvalues"], rel=5e-8)
        low, high = minimum["eigenvalues"]
        assert found.condition == pytest.approx(high / low, rel=1e-7)
        assert (found.stable_rate, found.best_rate) == pytest.approx((2 / high, 2 / (low + high)), rel=1e-7)


def test_the_valleys_of_the_lesson_are_as_long_as_it_says():
    conditions = {name: CERTIFIED[name]["mse"]["minima"][0] for name in ("short_baseline", "offset_line")}
    found = {name: limits(on(name), torch.tensor([m["w"], m["b"]], dtype=torch.float64)).condition
             for name, m in conditions.items()}  # fmt: skip
    assert found == {"short_baseline": pytest.approx(63.68, abs=5e-3), "offset_line": pytest.approx(322.9, abs=5e-2)}


def test_many_parameters_by_lanczos():
    spectrum = torch.cat([torch.tensor([1.0]), torch.linspace(3, 4, 98), torch.tensor([10.0])]).tolist()
    found = limits(diagonal(*spectrum), torch.ones(100, dtype=torch.float64))
    # The iteration ends where it is sure to within a thousandth of the largest eigenvalue.
    assert (found.lambda_min, found.lambda_max) == pytest.approx((1, 10), abs=1e-2)
    assert found.best_rate == pytest.approx(2 / 11, rel=2e-3)


@pytest.mark.parametrize("size", [5, 100])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_flat_direction_has_a_limit_and_no_best_rate(size, dtype):
    # The rows are all the same: one eigenvalue, size, and zeros up to rounding.
    ones = torch.ones(size, size, dtype=dtype)
    objective = Objective(Bowl(ones, ones[0]), terms={"bowl": lambda m: m()})
    found = limits(objective, torch.randn(size, dtype=dtype, generator=torch.Generator().manual_seed(0)))
    assert found.lambda_max == pytest.approx(size, rel=1e-5)
    assert found.stable_rate == pytest.approx(2 / size, rel=1e-5)
    assert (found.condition, found.best_rate, found.momentum_rate, found.momentum) == (None,) * 4


def test_where_it_bends_down_too_there_is_no_best_rate():
    found = limits(diagonal(-1.0, 4.0), torch.ones(2, dtype=torch.float64))
    assert (found.stable_rate, found.condition, found.best_rate) == (0.5, None, None)


def test_where_nothing_bends_up_there_is_no_limit():
    found = limits(diagonal(-4.0, -1.0), torch.ones(2, dtype=torch.float64))
    assert (found.lambda_min, found.lambda_max, found.stable_rate) == (-4, -1, None)
    line = Objective(nn.Linear(2, 1), terms={"sum": lambda m: m.weight.sum()})
    assert limits(line, line.theta).stable_rate is None


@pytest.mark.parametrize("size", [2, 100])
def test_a_hessian_that_is_not_finite_allows_nothing(size):
    model = nn.Linear(size, 1, bias=False).double()
    objective = Objective(model, terms={"power": lambda m: m.weight.abs().pow(1.5).sum()})
    found = limits(objective, torch.zeros(size, dtype=torch.float64))
    assert math.isnan(found.lambda_max)
    assert (found.stable_rate, found.condition, found.best_rate) == (None, None, None)
