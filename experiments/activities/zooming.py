"""The lowest point of a map, quickly and for any loss: look at a grid, shrink it around its lowest node, again."""

import functools

import torch
from torch import Tensor

from experiments.activities.measuring import loss_module, residuals
from experiments.targets import TARGETS
from explorer.study import TargetSet

FIRST_NODES = 41
"""Per side, fine enough to begin in the right basin."""
NODES = 9
"""Per side later on: few enough that torch stays on one thread; waiting for a second one costs more than the work."""
SHRINK = 0.75
SHRINKS = 88
"""0.75^88 = 1e-11 of the window."""


@functools.lru_cache(maxsize=256)
def lowest(target: str, loss: str, delta: float) -> tuple[float, float, float]:
    """Return (w, b, L) at the lowest point of a target set's window, which may lie on its border.

    No slopes are used, so a corner is as good as a bowl. How far a round bottom of curvature k is resolved is limited
    by rounding in L, to about sqrt(2e-16 / k).
    """
    low, high = _corners(TARGETS[target])
    middle, half = (low + high) / 2, (high - low) / 2
    each = loss_module(loss, delta).pointwise
    for count in (FIRST_NODES, *[NODES] * SHRINKS):
        nodes = _nodes(middle, half, count).clamp(low, high)
        values = each(residuals(target, nodes[:, 0], nodes[:, 1])).mean(-1)
        middle, half = nodes[values.argmin()], SHRINK * half
    return float(middle[0]), float(middle[1]), float(values.min())


def _corners(target: TargetSet) -> tuple[Tensor, Tensor]:
    window = torch.tensor([target.window["w"], target.window["b"]], dtype=torch.float64)
    return window[:, 0], window[:, 1]


def _nodes(middle: Tensor, half: Tensor, count: int) -> Tensor:
    steps = torch.linspace(-1, 1, count, dtype=torch.float64)
    return middle + half * torch.cartesian_prod(steps, steps)
