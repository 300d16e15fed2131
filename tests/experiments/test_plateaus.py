"""The lowest value at infinity, against points that are far away."""

import math

import pytest
import torch

from experiments.plateaus import best_predictions, lowest_plateau
from experiments.targets import TARGETS
from models.losses import MAE, MSE, Huber, LogCosh


def test_the_best_prediction_of_a_group_is_its_mean_median_or_end():
    y = torch.tensor([0.1, 0.2, 0.9, 3.0], dtype=torch.float64)
    members = torch.tensor([[True, True, True, False], [False, False, False, True]])
    low, high = best_predictions(MSE(), y, members)
    assert low.tolist() == pytest.approx([0.4, 1.0], abs=1e-15)
    assert high.tolist() == pytest.approx([0.4, 1.0], abs=1e-15)
    low, high = best_predictions(MAE(), y, torch.tensor([[True, True, True, False], [True, True, False, False]]))
    assert low.tolist() == pytest.approx([0.2, 0.1], abs=1e-15)
    assert high.tolist() == pytest.approx([0.2, 0.2], abs=1e-15)


@pytest.mark.parametrize("name", TARGETS)
def test_no_far_away_point_is_below_the_lowest_plateau(name):
    target = TARGETS[name]
    angles = torch.linspace(0, 2 * math.pi, 2001, dtype=torch.float64)
    far = 1e5 * torch.stack((torch.cos(angles), torch.sin(angles)))
    prediction = torch.tanh(far[0][:, None] * target.x + far[1][:, None])
    for loss in (MSE(), MAE(), Huber(0.25), LogCosh()):
        plateau = lowest_plateau(loss, target.x, target.y)
        values = [float(loss(row, target.y)) for row in prediction[::20]]
        # A float sum of 15 terms of order one.
        assert min(values) >= plateau.value - 1e-13


def test_the_lowest_plateau_is_reached_in_its_direction():
    target = TARGETS["wild_outlier"]
    plateau = lowest_plateau(MSE(), target.x, target.y)
    assert plateau.direction == "w → +∞"
    # The pivot is at x = 0: its best prediction is its own target 0, so b = 0; tanh(0.5 w) is 1 from w = 40 on.
    pivots = torch.unique(target.x)
    lowest = min(
        float(MSE()(torch.tanh(80 * (target.x - place) + math.atanh(free)), target.y))
        for place in pivots
        for free in torch.linspace(-0.999, 0.999, 999).tolist()
    )
    assert lowest == pytest.approx(plateau.value, abs=1e-5)
    assert lowest >= plateau.value - 1e-12
