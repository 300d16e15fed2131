"""Where the neuron runs exactly through two points."""

import torch

from explorer.study import TargetSet


def exact_fit(target: TargetSet) -> tuple[float, float]:
    """Return the only (w, b) with tanh(w x + b) = y at two points.

    w = (artanh y2 - artanh y1) / (x2 - x1), b = artanh y1 - w x1: two linear equations in w and b.

    Raises:
        ValueError: not two points, equal inputs, or a target that tanh does not reach.
    """
    if len(target.x) != 2 or target.x[0] == target.x[1] or not bool((target.y.abs() < 1).all()):
        raise ValueError(
            f"two points with different x and |y| < 1 are needed, {target.name} has x={target.x.tolist()} and "
            f"y={target.y.tolist()}; choose another target set"
        )
    z = torch.atanh(target.y)
    w = (z[1] - z[0]) / (target.x[1] - target.x[0])
    return float(w), float(z[0] - w * target.x[0])
