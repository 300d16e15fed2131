"""Gradients of many: an objective's losses and gradients at many thetas at once."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from explorer.graphs import Rewrites
from explorer.objective import Objective
from explorer.objective.batching import CANNOT_TRANSFORM, Many
from explorer.objective.derivatives import many_values_and_gradients
from explorer.plane import Plane
from explorer.quantities import read_quantities
from explorer.sweeps.evaluation.chunk_sizes import bytes_per_point, points_per_chunk
from explorer.sweeps.evaluation.traced import Traced, is_traceable

Evaluate = Callable[[Tensor], tuple[Tensor, Tensor]]
"""thetas [N, P] -> losses [N], gradients [N, P]."""

_FEW = 16
"""Parameters up to which theta itself may stand for coordinates: its basis is then a P x P matrix, and small."""
_CLOSE = 1e-6
"""Share of the largest gradient by which a traced evaluation may differ from the model's own code: far above rounding
(1e-13 in float64), far below any wrong graph."""
_WANTED = read_quantities(("loss", "gradient"))


def gradients_of(objective: Objective, size: int) -> tuple[Evaluate, str]:
    """Return what evaluates `size` thetas at once, with its name.

    A traced graph where the objective allows one and theta is small; else one backward pass of the summed losses, each
    of which depends on its own theta alone; else, where an operation has no batched form, one theta after another.
    """
    own, name = _own_code(objective)
    # In float32 the difference would be that of roundings.
    if objective.layout.size <= _FEW and objective.dtype is torch.float64 and is_traceable(objective, _WANTED):
        made = _traced(objective, size)
        if made is not None and _agree(made, own, objective):
            return made, "traced vmap"
    return own, name


def thetas_at_once(objective: Objective) -> int:
    """Return how many thetas are evaluated at once: their graph stays in the cache."""
    return points_per_chunk(bytes_per_point(objective, _WANTED, 1), objective.device)


def _traced(objective: Objective, size: int) -> Evaluate | None:
    theta = objective.theta
    labels = tuple(f"theta_{number}" for number in range(len(theta)))
    everywhere = Plane(torch.zeros_like(theta), torch.eye(len(theta)).to(theta), labels)
    try:
        traced = Traced(objective, everywhere, _WANTED, Rewrites(), size=size)
    except CANNOT_TRANSFORM:
        return None

    def evaluate(thetas: Tensor) -> tuple[Tensor, Tensor]:
        found = traced(thetas)
        return found["loss"], found["gradient"]

    return evaluate


def _own_code(objective: Objective) -> tuple[Evaluate, str]:
    batched, looped = (partial(many_values_and_gradients, objective, many=Many(together)) for together in (True, False))
    try:
        batched(objective.theta.expand(2, -1))
    except CANNOT_TRANSFORM:
        return looped, "loop"
    return batched, "vmap"


def _agree(made: Evaluate, own: Evaluate, objective: Objective) -> bool:
    theta = objective.theta
    thetas = torch.stack([theta + 0.1, theta - 0.2, theta + torch.linspace(0.3, 0.9, len(theta)).to(theta)])
    pairs = zip(made(thetas), own(thetas), strict=True)
    return all(torch.allclose(a, b, rtol=_CLOSE, atol=_CLOSE * float(b.abs().max()), equal_nan=True) for a, b in pairs)
