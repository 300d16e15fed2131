"""Complex parameters at any place of theta: behind an odd number of real entries too."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.func import functional_call

import explorer
from explorer import Objective
from explorer.directions import gaussian

X = torch.linspace(-1, 1, 12, dtype=torch.float64).reshape(4, 3)


class Scaled(nn.Module):
    def __init__(self, *names):
        super().__init__()
        torch.manual_seed(0)
        kinds = {"shift": torch.float64, "scale": torch.complex128}
        for name in names:
            setattr(self, name, nn.Parameter(torch.randn(3, dtype=kinds[name])))

    def forward(self, x):
        return x * self.scale + self.shift


def loss_of(prediction, target):
    return (prediction - target).abs().square().mean()


@pytest.mark.parametrize("names", [("shift", "scale"), ("scale", "shift")])
def test_complex_parameters_may_lie_anywhere(names):
    model = Scaled(*names)
    objective = Objective(model, loss_of, (X, X.flip(0)))
    plane = gaussian(objective, seed=0, skip=())
    found = explorer.sweep(objective, plane, explorer.Grid.square(points=3), progress=False)
    for alpha in (-1.0, 0.0, 1.0):
        theta = plane.at([alpha, 1.0])
        first, second = torch.split(theta, [3, 6] if names[0] == "shift" else [6, 3])
        shift, scale = (first, second) if names[0] == "shift" else (second, first)
        weights = {"shift": shift, "scale": torch.complex(scale[::2], scale[1::2])}
        expected = loss_of(functional_call(model, weights, X), X.flip(0))
        torch.testing.assert_close(objective(theta), expected)
        # A row of several thetas begins anywhere.
        torch.testing.assert_close(objective(torch.stack([theta] * 4)[3]), expected)
        np.testing.assert_allclose(found.loss.sel(alpha=alpha, beta=1.0), expected.item(), rtol=1e-12)
