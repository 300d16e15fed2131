"""Points whose evaluation raises are holes, in memory as in a store; what can be evaluated is."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from torch import nn

import explorer
from explorer import Grid, Objective, Plane
from explorer.landscape import Status

X = torch.linspace(-1.0, 1.0, 5, dtype=torch.float64)
GRID = Grid({"a": (-2.0, 2.0, 9), "b": (-1.9, 1.9, 7)})


class Scale(nn.Module):
    """A distribution of two parameters, which must be positive as a standard deviation, or a Cholesky factor, is."""

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Parameter(torch.tensor(1.0).double()), nn.Parameter(torch.tensor(0.5).double())


def likelihood(model):
    return -torch.distributions.Normal(model.b, model.a, validate_args=True).log_prob(X).mean()


def factored(model):
    matrix = torch.stack([torch.stack([model.a, model.b]), torch.stack([model.b, model.a])])
    return torch.linalg.cholesky(matrix).square().sum() + 0.1 * model.b


CASES = {
    "a scale below 0": (likelihood, lambda a, b: a > 0),
    "a Cholesky that fails": (factored, lambda a, b: (a > 0) & (a * a > b * b)),
}


def landscape_of(term, **options):
    objective = Objective(Scale(), terms={"nll": term})
    plane = Plane(torch.zeros(2).double(), torch.eye(2).double(), ("a", "b"))
    return objective, explorer.sweep(objective, plane, GRID, progress=False, **options)


@pytest.mark.parametrize("executor", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_what_raises_is_a_hole(case, executor):
    term, fine = CASES[case]
    a, b = np.meshgrid(np.linspace(-2, 2, 9), np.linspace(-1.9, 1.9, 7), indexing="ij")
    with ThreadPoolExecutor(1) as pool, pytest.warns(RuntimeWarning, match="points could not be evaluated"):
        objective, found = landscape_of(term, quantities=("loss", "gradient"), executor=pool if executor else None)
    failed = found["status"].values == Status.FAILED
    np.testing.assert_array_equal(failed, ~fine(a, b))
    assert np.isnan(found.loss.values[failed]).all()
    assert "could not be evaluated" not in found.attrs["failed"]
    for place in np.argwhere(~failed):
        theta = torch.tensor([a[tuple(place)], b[tuple(place)]], requires_grad=True)
        loss = objective(theta)
        (slope,) = torch.autograd.grad(loss, theta)
        np.testing.assert_allclose(found.loss.values[tuple(place)], loss.item(), rtol=1e-13, atol=1e-15)
        np.testing.assert_allclose(found.gradient.values[tuple(place)], slope, rtol=1e-12, atol=1e-14)


def test_with_a_tolerance_too():
    with pytest.warns(RuntimeWarning, match="points could not be evaluated"):
        _, found = landscape_of(likelihood, tolerance=1e-3)
    assert np.isnan(found.loss.values[found.a.values <= 0]).all()
    assert np.isfinite(found.loss.values[found.a.values > 0]).all()


def test_where_nothing_can_be_evaluated_the_error_is_told():
    objective = Objective(Scale(), terms={"nll": likelihood})
    plane = Plane(torch.tensor([-9.0, 0.0]).double(), torch.eye(2).double(), ("a", "b"))
    with pytest.raises(ValueError, match="scale"):
        explorer.sweep(objective, plane, GRID, progress=False)
