"""What does not depend on theta is told by its name."""

import json

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import explorer
from explorer import Grid, Objective
from tests.support.planes import random_plane

X = torch.linspace(-1.0, 1.0, 6, dtype=torch.float64)[:, None]
GRID = Grid.square(radius=0.5, points=3)


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(1, 3), nn.Tanh(), nn.Linear(3, 1)).double()


def fit(model):
    return F.mse_loss(model(X), X)


def cached():
    """A term that remembers what it found at these points, whatever model it is given later."""
    known = {}

    def term(model):
        key = X.data_ptr()
        if key not in known:
            known[key] = model(X).square().mean().detach()
        return known[key] + 0.0

    return term


def detached(model):
    return F.mse_loss(model(X).detach(), X)


def constants(terms, **options):
    objective = Objective(network(), terms=terms)
    found = explorer.sweep(objective, random_plane(objective), GRID, progress=False, report="full", **options)
    return [each for each in json.loads(found.attrs["report"]) if each["name"] == "constant"]


@pytest.mark.parametrize("quantities", [("loss",), ("loss", "terms", "gradient")])
def test_a_term_of_a_cache_is_named(quantities):
    (finding,) = constants({"fit": fit, "old": cached()}, quantities=quantities)
    assert finding["status"] == "warn"
    assert finding["text"].startswith("The term 'old' is constant over the plane")


def test_a_loss_that_is_all_of_it_is_refused():
    with pytest.raises(explorer.ObjectiveError, match=r"old = \S+ whatever the parameters are"):
        Objective(network(), terms={"old": cached()})


def test_a_loss_of_a_model_from_outside_is_refused():
    outer = network()
    with pytest.raises(explorer.ObjectiveError, match="use the function's own argument, model"):
        Objective(network(), batch_loss=lambda model, batch: fit(outer), data=[torch.zeros(2, 1)])


def test_a_detached_output():
    (finding,) = constants({"fit": detached}, quantities=("loss", "gradient"))
    assert "gradient is constant, 0 everywhere" in finding["text"]


def test_nothing_is_said_of_what_changes():
    assert not constants({"fit": fit, "size": lambda m: m[0].weight.square().sum()}, quantities=("loss", "gradient"))
    assert not constants({"fit": fit})
