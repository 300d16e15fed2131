"""What a term holds moves along with its objective: the copy computes in the other dtype, the user's stays."""

import functools
import json

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import explorer
from explorer import Grid, Objective
from explorer.objective.closures import moved_function
from tests.support.planes import random_plane

X, Y = torch.linspace(-1, 1, 8)[:, None], torch.linspace(1, 0, 8)[:, None]


def in_closure():
    x, y = X.clone(), {"targets": [Y.clone()]}

    def term(model):
        return F.mse_loss(model(x), y["targets"][0])

    return term


def in_defaults():
    mine, targets = X.clone(), Y.clone()

    def term(model, x=mine, *, y=targets):
        return F.mse_loss(model(x), y)

    return term


def in_partial():
    return functools.partial(lambda x, y, model: F.mse_loss(model(x), y), X.clone(), Y.clone())


class Fit:
    def __init__(self):
        self.x, self.y = X.clone(), Y.clone()

    def __call__(self, model):
        return F.mse_loss(model(self.x), self.y)

    def method(self, model):
        return self(model)


def with_derivative():
    x = X.clone().requires_grad_()

    def slope(model):
        (found,) = torch.autograd.grad(model(x).sum(), x, create_graph=True)
        return (found - 1).square().mean()

    return lambda model: slope(model) + F.mse_loss(model(x), Y.clone().to(x.dtype))


KINDS = {
    "closure": in_closure,
    "defaults": in_defaults,
    "partial": in_partial,
    "object": Fit,
    "method": lambda: Fit().method,
    "function in a closure": with_derivative,
}


def network(dtype=torch.float32):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(1, 4), nn.Tanh(), nn.Linear(4, 1)).to(dtype)


@pytest.mark.parametrize("kind", KINDS)
def test_a_term_moves_with_what_it_holds(kind):
    term = KINDS[kind]()
    objective = Objective(network(), terms={"fit": term})
    exact = objective.to(dtype=torch.float64)
    theta = exact.theta + 0.1
    model = network(torch.float64)
    nn.utils.vector_to_parameters(theta, model.parameters())
    expected = moved_function(KINDS[kind](), None, torch.float64)(model)
    assert exact(theta).dtype == torch.float64
    assert exact(theta).item() == pytest.approx(expected.item(), rel=1e-12)
    # What the user gave is what it was.
    assert term(network()).dtype == torch.float32
    assert objective(theta.float()).item() == pytest.approx(expected.item(), rel=1e-5)


def test_the_report_compares_precisions_of_terms():
    objective = Objective(network(), terms={"fit": in_closure()})
    grid = Grid.square(radius=0.5, points=5)
    found = explorer.sweep(objective, random_plane(objective), grid, progress=False, report="full")
    (finding,) = [each for each in json.loads(found.attrs["report"]) if each["name"] == "precision"]
    assert "could not be compared" not in finding["text"]


def of_globals(model):
    return F.mse_loss(model(X), Y)


def test_what_does_not_move_is_told_once():
    objective = Objective(network(), terms={"fit": of_globals})
    grid = Grid.square(radius=0.5, points=5)
    found = explorer.sweep(objective, random_plane(objective), grid, progress=False, report="full")
    (finding,) = [each for each in json.loads(found.attrs["report"]) if each["name"] == "precision"]
    assert "that it finds by a global name" in finding["text"]


def test_a_function_that_holds_nothing_is_itself():
    cache = {}

    def term(model):
        cache["seen"] = True
        return model.weight.sum()

    assert moved_function(term, None, torch.float64) is term
    assert moved_function(of_globals, None, torch.float64) is of_globals
