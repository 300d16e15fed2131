"""The way down on a CUDA device: the processor's paths, basins and recordings."""

import numpy as np
import pytest
import torch
from torch import nn

import explorer
import models
from explorer import Grid, Objective, directions
from explorer.descent import OPTIMIZERS, descend, limits

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")

# Forty steps, each of which multiplies a difference of rounding by less than 2 on these smooth bowls.
CLOSE = {"rtol": 1e-7, "atol": 1e-9}


def neuron():
    x = torch.linspace(-2, 2, 9, dtype=torch.float64)
    return Objective(models.MODELS["tanh_neuron"](), models.LOSSES["mse"](), (x, 0.8 * torch.tanh(1.5 * x - 0.5)))


def network():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1)).double()
    x = torch.randn(50, 4, dtype=torch.float64)
    return Objective(model, nn.MSELoss(), (x, x.sum(1, keepdim=True).sin()))


@pytest.mark.parametrize("make", [neuron, network])
@pytest.mark.parametrize("optimizer", list(OPTIMIZERS))
@pytest.mark.parametrize("batch_size", [None, 4])
def test_paths_are_those_of_the_processor(make, optimizer, batch_size):
    if optimizer == "lbfgs" and batch_size:
        pytest.skip("a line search on noise decides by the last digits")
    here = make()
    there = here.to(device="cuda")
    start = here.theta + 0.3
    # L-BFGS has arrived after a few steps; from then on rounding alone decides where it goes.
    steps = 5 if optimizer == "lbfgs" else 40
    given = {"optimizer": optimizer, "lr": 0.05, "steps": steps, "batch_size": batch_size, "seed": 3}
    found, expected = descend(there, start.cuda(), **given), descend(here, start, **given)
    assert found.outcome == expected.outcome
    torch.testing.assert_close(found.thetas.cpu(), expected.thetas, **CLOSE)
    torch.testing.assert_close(found.losses.cpu(), expected.losses, **CLOSE)


def test_basins_are_those_of_the_processor():
    here = neuron()
    there = here.to(device="cuda")
    grid = Grid({"w": (-3, 3, 7), "b": (-2, 2, 5)})
    for optimizer in ("gd", "momentum", "rmsprop", "adam"):
        found, expected = (
            explorer.basins(each, directions.axes(each, "w", "b"), grid, optimizer, 0.05, 60, progress=False)
            for each in (there, here)
        )
        np.testing.assert_allclose(found["final_loss"], expected["final_loss"], rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(found["final"], expected["final"], rtol=1e-6, atol=1e-8)
        assert (found["diverged"] == expected["diverged"]).all()


def test_limits_are_those_of_the_processor():
    here = neuron()
    found, expected = limits(here.to(device="cuda"), here.theta.cuda()), limits(here, here.theta)
    assert found.lambda_max == pytest.approx(expected.lambda_max, rel=1e-9)
    assert found.lambda_min == pytest.approx(expected.lambda_min, rel=1e-9, abs=1e-12)
