"""Value and gradient of a whole objective from one pass, beside ordinary backward passes."""

import pytest
import torch
from torch import nn

from explorer import Objective
from explorer.descent.basin_map.polish import polished
from explorer.descent.diagnosis.symptoms import end_at
from explorer.objective import blocks
from explorer.objective.batching import Many
from explorer.objective.derivatives import full_gradient, gradients_of, many_values_and_gradients, value_and_gradient
from tests.support import reference

CLOSE = {"rtol": 1e-13, "atol": 1e-15}


def made(terms=False):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 5), nn.Tanh(), nn.Linear(5, 1)).double()
    x = torch.randn(53, 2, dtype=torch.float64)
    y = x.prod(1, keepdim=True)
    if terms:
        parts = {"fit": lambda m: (m(x) - y).square().mean(), "size": lambda m: m[0].weight.square().sum()}
        return Objective(model, terms=parts, weights={"size": 0.3})
    return Objective(model, nn.MSELoss(), (x, y))


@pytest.fixture(params=["whole", "blocks", "terms"])
def objective(request, monkeypatch):
    if request.param == "blocks":
        monkeypatch.setattr(blocks, "_LITTLE", 0)
        monkeypatch.setattr(blocks, "_BLOCK", 800)
    found = made(terms=request.param == "terms")
    assert (len(list(found.parts())) > 2) == (request.param == "blocks")
    return found


def test_one_pass_gives_the_objective_to_the_bit_and_its_gradient(objective):
    theta = objective.theta + 0.3
    value, gradient = value_and_gradient(objective, theta)
    assert torch.equal(value, objective(theta))
    assert not value.requires_grad
    expected, slope = reference.value_and_gradient(objective, theta)
    torch.testing.assert_close(float(value), expected, **CLOSE)
    torch.testing.assert_close(gradient, slope, **CLOSE)
    assert torch.equal(full_gradient(objective, theta), gradient)


@pytest.mark.parametrize("batched", [True, False])
def test_many_thetas_at_once(objective, batched):
    thetas = objective.theta + torch.linspace(-0.5, 0.5, 7, dtype=torch.float64)[:, None]
    values, gradients = many_values_and_gradients(objective, thetas, Many(batched))
    for theta, value, gradient in zip(thetas, values, gradients, strict=True):
        expected, slope = value_and_gradient(objective, theta)
        torch.testing.assert_close(value, expected, **CLOSE)
        torch.testing.assert_close(gradient, slope, rtol=1e-12, atol=1e-14)


def test_a_theta_that_asks_for_a_gradient_is_left_alone(objective):
    theta = objective.theta.requires_grad_()
    with torch.no_grad():
        value_and_gradient(objective, theta)
    assert theta.grad is None


def test_values_that_do_not_depend_on_theta_have_no_slope():
    leaf = torch.ones(3, dtype=torch.float64, requires_grad=True)
    other = torch.ones(3, dtype=torch.float64, requires_grad=True)
    for value in (torch.ones(()), other.sum()):
        assert torch.equal(gradients_of(value, leaf), torch.zeros(3, dtype=torch.float64))
    both = [leaf.exp().sum(), leaf.exp().square().sum()]
    assert torch.equal(gradients_of(both[0], leaf, keep=True), gradients_of(both[0], leaf))


def test_nobody_evaluates_a_value_and_its_gradient_apart(monkeypatch):
    objective = made()
    passes, apart = [], []
    parts, call = Objective.parts, Objective.__call__
    monkeypatch.setattr(Objective, "parts", lambda self: passes.append(1) or parts(self))
    monkeypatch.setattr(Objective, "__call__", lambda self, theta: apart.append(1) or call(self, theta))
    end = end_at(objective, objective.theta)
    found = polished(objective, objective.theta)
    assert passes
    assert not apart
    monkeypatch.undo()
    assert end.loss == float(objective(objective.theta))
    assert found is None or found.loss == float(objective(found.theta))
