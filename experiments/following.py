"""Following: where a minimum of the tanh neuron goes while the data move from one place to another in a straight line.

A smooth minimum is followed by continuation: the data go as far as Newton's method, begun at the last minimum, arrives
without doubt at one close by (Allgower and Georg, Numerical Continuation Methods, 1990, chapter 2). How close is
judged by the curve and not by (w, b), so that units of the inputs do not matter.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from experiments.derivatives import local
from experiments.minima import corners
from experiments.newton import solve
from explorer.study import TargetSet
from models.losses import MAE

_FARTHEST = 0.1
"""Of all predictions in [-1, 1], what one may change in one stride."""
_SHORTEST = 2.0**-8
"""Of the way of the data, the stride at which a minimum that cannot be followed has ceased to exist."""
_NEWTON_STEPS = 8
_ARRIVED = 1e-9


def follow(before: TargetSet, after: TargetSet, loss: nn.Module, theta: Sequence[float]) -> tuple[float, ...] | None:
    """Return where the minimum theta (w, b) of a loss on the data before has gone on the data after.

    Minima of `MAE` sit at corners and go from one to another: of it the lowest corner of the data after is returned.
    None where the minimum ceases to exist on the way, or on data that have none.

    Raises:
        ValueError: not as many data after as before.
    """
    if len(before.x) != len(after.x):
        raise ValueError(f"expected as many data after as before, {len(before.x)}; got {len(after.x)}")
    if bool((after.x == after.x[0]).all()):
        return None
    if isinstance(loss, MAE):
        found, _ = corners(after.x, after.y, loss)
        return found[0].theta if found else None
    return _continued(before, after, loss, torch.tensor([list(theta)], dtype=torch.float64))


def _continued(before: TargetSet, after: TargetSet, loss: nn.Module, theta: Tensor) -> tuple[float, ...] | None:
    done, stride, eased = 0.0, 1.0, False
    while done < 1:
        ahead = min(1.0, done + stride)
        x, y = (torch.lerp(getattr(before, name), getattr(after, name), ahead) for name in ("x", "y"))
        arrived = _corrected(loss, theta, x, y)
        if arrived is None:
            stride, eased = stride / 2, False
            if stride < _SHORTEST:
                return None
        else:
            # Longer strides are tried again only after two good ones: each that fails costs as much as it would gain.
            theta, done, stride, eased = arrived, ahead, 2 * stride if eased else stride, True
    w, b = theta[0].tolist()
    return w, b


def _corrected(loss: nn.Module, theta: Tensor, x: Tensor, y: Tensor) -> Tensor | None:
    """Return the minimum [1, 2] that Newton's steps reach from theta [1, 2]; None where they leave the ground that
    curves upward, go far, or do not arrive."""
    start = torch.tanh(theta[:, :1] * x + theta[:, 1:])
    for _ in range(_NEWTON_STEPS):
        at = local(loss, theta, x, y)
        ww, wb, bb = at.hessian[0].tolist()
        if not (ww > 0 and ww * bb > wb * wb):
            return None
        step = solve(at.hessian, at.gradient)
        theta = theta - step
        z = theta[:, :1] * x + theta[:, 1:]
        if not bool(((torch.tanh(z) - start).abs() <= _FARTHEST).all()):
            return None
        size = float((step[:, :1] * x + step[:, 1:]).abs().max())
        if size <= _ARRIVED * (1 + float(z.abs().max())):
            return theta
    return None
