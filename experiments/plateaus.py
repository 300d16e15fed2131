"""The lowest value the tanh neuron's loss approaches as its parameters go to infinity.

Far out the neuron is a step: -1 on one side of a threshold and +1 on the other (either way round), and at most one
input, the pivot, sits on the threshold itself, where the prediction may be anything in [-1, 1]. These patterns are
finitely many, and the best value at a pivot is a convex problem in one number, so the minimum over all is exact.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from experiments.derivatives import Loss, loss_slope
from models.losses import unreduced

# Halvings of [-1, 1] until neighbors are adjacent in float64.
_HALVINGS = 60
_TIE = 1e-12


@dataclass(frozen=True)
class Plateau:
    """Where the loss is lowest at infinity."""

    value: float
    direction: str
    """How to go there, for example "w → +∞"."""


def best_predictions(loss: Loss, y: Tensor, members: Tensor) -> tuple[Tensor, Tensor]:
    """Return the ends [K], [K] of the interval of best predictions in [-1, 1] for K groups of targets.

    y is [D], members [K, D] says who belongs to which group. The summed loss of a group is convex in the one
    prediction that its members share, so its slope is monotone and halving an interval finds where it crosses 0.
    """

    groups, targets = members.repeat(2, 1), y.expand(2 * len(members), -1)
    # The first half looks for the left end, where the slope stops being negative, the second for the right one.
    leftmost = torch.arange(2 * len(members)) < len(members)
    low, high = -torch.ones(len(groups), dtype=y.dtype), torch.ones(len(groups), dtype=y.dtype)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        slope = (loss_slope(loss, middle[:, None] - targets) * groups).sum(dim=1)
        above = (slope > 0) | (leftmost & (slope == 0))
        low, high = torch.where(above, low, middle), torch.where(above, middle, high)
    left, right = ((low + high) / 2).chunk(2)
    return left, right


def lowest_plateau(loss: Loss, x: Tensor, y: Tensor) -> Plateau:
    """Return the lowest limit of L at infinity, for x [D] and y [D]."""
    pivots = torch.unique(x)
    members = x == pivots[:, None]
    free, _ = best_predictions(loss, y, members)
    side = torch.sign(x - pivots[:, None])
    patterns = torch.stack((side, -side)) + (free[:, None] * members)
    values = unreduced(loss, patterns, y.expand_as(patterns)).mean(dim=-1)
    lowest = values.min()
    ties = patterns[values <= lowest + _TIE * (1 + lowest.abs())]
    return Plateau(float(lowest), _direction(ties, x))


def _direction(patterns: Tensor, x: Tensor) -> str:
    """Name the one way to go there if there is only one."""
    ways = {_way(pattern, x) for pattern in patterns}
    return ways.pop() if len(ways) == 1 else "θ → ∞"


def _way(pattern: Tensor, x: Tensor) -> str:
    first, last = float(pattern[x.argmin()]), float(pattern[x.argmax()])
    if abs(last - first) < _TIE:
        return "b → +∞" if last > 0 else "b → −∞"
    return "w → +∞" if last > first else "w → −∞"
