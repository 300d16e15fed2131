"""An objective in several blocks is the sum of their graphs."""

import pytest
import torch
from torch import nn

from explorer import Objective
from explorer.graphs import Rewrites
from explorer.sweeps.evaluation.strategies import LADDER, LOOP
from tests.support.planes import random_plane
from tests.support.traced_cases import assert_same, measured, network, points


def normalized(samples):
    """A network with BatchNorm."""
    torch.manual_seed(0)
    layers = [nn.Conv2d(2, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 4, 3), nn.BatchNorm2d(4)]
    model = nn.Sequential(*layers, nn.Flatten(), nn.Linear(64, 3)).double()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean), nn.init.uniform_(module.running_var, 0.5, 2.0)
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(samples, 2, 6, 6, generator=generator, dtype=torch.float64)
    return Objective(model, nn.CrossEntropyLoss(), (x, torch.randint(3, (samples,), generator=generator)))


@pytest.mark.parametrize("make", [normalized, network])
@pytest.mark.parametrize("block", [4, 6, 7])
def test_blocks_sum_to_the_loop(make, block):
    objective = make(samples=24)
    objective._data = objective._data.in_blocks(block)
    plane = random_plane(objective)
    found = measured(LOOP.traced(Rewrites()), objective, plane, points(objective))
    assert_same(found, measured(LOOP, objective, plane, points(objective)))


def test_a_batched_evaluation_sums_blocks_too():
    objective = network(samples=24)
    objective._data = objective._data.in_blocks(5)
    plane, coords = random_plane(objective), points(objective)
    found = measured(LADDER[0].traced(Rewrites()), objective, plane, coords)
    assert_same(found, measured(LOOP, objective, plane, coords))
