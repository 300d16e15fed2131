"""Certificates at the creases of the mean absolute error, against a linear program."""

import math

import pytest
import torch
from scipy.optimize import linprog
from torch import Tensor

from experiments.kink_minima import at_vertices, crease_heights, margins
from experiments.targets import TARGETS


def margin_by_linear_program(theta: Tensor, active: Tensor, x: Tensor, y: Tensor) -> float:
    """1 - min t such that g + sum alpha_k s_k phi_k = 0 with |alpha_k| <= t."""
    z = theta[0] * x + theta[1]
    pull = 1 - torch.tanh(z).square()
    phi = torch.stack((x, torch.ones_like(x)))
    rest = (phi * torch.where(active, 0.0, torch.sign(torch.tanh(z) - y) * pull)).sum(dim=1)
    columns = (phi * pull)[:, active]
    count = columns.shape[1]
    equal = torch.cat((columns, torch.zeros(2, 1, dtype=x.dtype)), dim=1).numpy()
    bound = torch.cat((torch.eye(count), -torch.eye(count))).double()
    less = torch.cat((bound, -torch.ones(2 * count, 1, dtype=x.dtype)), dim=1).numpy()
    solved = linprog(
        [0.0] * count + [1.0], A_ub=less, b_ub=[0.0] * (2 * count), A_eq=equal, b_eq=-rest.numpy(), bounds=(None, None)
    )
    assert solved.status == 0
    return 1 - solved.fun


@pytest.mark.parametrize("name", ["gentle_line", "short_baseline", "offset_line", "outliers", "mirror", "noisy"])
def test_margins_are_those_of_the_linear_program(name):
    target = TARGETS[name]
    corners, _ = at_vertices(target.x, target.y)
    assert corners
    for corner in corners:
        theta = torch.tensor(corner.theta, dtype=torch.float64)
        active = torch.zeros(len(target.x), dtype=torch.bool)
        active[list(corner.points)] = True
        slow = margin_by_linear_program(theta, active, target.x, target.y)
        # The solver's own tolerance is 1e-7.
        assert float(margins(theta[None], active[None], target.x, target.y)[0]) == pytest.approx(slow, abs=1e-6)


def test_creases_need_a_reachable_target():
    heights = crease_heights(torch.tensor([-2.0, -1.0, 0.5, 1.0], dtype=torch.float64))
    assert heights.isfinite().tolist() == [False, False, True, False]
    assert float(heights[2]) == pytest.approx(math.atanh(0.5), rel=1e-15)


def test_crossings_of_fewer_than_two_creases_are_none():
    one = torch.tensor([0.5], dtype=torch.float64)
    assert at_vertices(one, one)[0] == []
    out_of_reach = torch.tensor([-2.0, 0.5, 2.0], dtype=torch.float64)
    assert at_vertices(torch.tensor([-1.0, 0.0, 1.0], dtype=torch.float64), out_of_reach)[0] == []
