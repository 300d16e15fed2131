"""The plane of chosen entries of theta, such as w and b."""

import torch

from explorer.objective import Objective
from explorer.plane import Plane
from explorer.signature import checked


@checked
def axes(objective: Objective, *entries: str) -> Plane:
    """Return the plane whose coordinates are the entries themselves.

    Its origin is objective.theta with those entries set to 0, so that coordinates (w, b) mean w and b.

    Args:
        objective: whose parameters are named.
        entries: "w" for a parameter of one element, "fc.weight[0,1]" for one entry of a larger one; also the labels.

    Raises:
        ObjectiveError: an entry that is not there.
        ValueError: no entry, or one named twice.
    """
    if not entries:
        raise ValueError('expected the entries that span the plane, such as axes(objective, "w", "b"); got none')
    positions = [objective.layout.position(entry) for entry in entries]
    origin = objective.theta
    origin[positions] = 0.0
    basis = torch.zeros(len(entries), len(origin), dtype=origin.dtype, device=origin.device)
    basis[range(len(entries)), positions] = 1.0
    return Plane(origin, basis, entries, {"kind": "axes"})
