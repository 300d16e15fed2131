"""Projections: where saved points lie in a plane, how far from it, and what the plane makes of their loss."""

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from explorer.checkpoints.trajectory import Trajectory
from explorer.objective import Objective
from explorer.plane import Plane

Checkpoints = Mapping[str, Tensor | Trajectory] | Trajectory


def projected(objective: Objective, plane: Plane, checkpoints: Checkpoints) -> list[dict[str, Any]]:
    """Return, for each checkpoint: "name"; "at", the plane's nearest coordinates (least squares); "offset", its
    distance from the plane in the units of theta; "loss", its own; "plane_loss", that of the plane's point; "path",
    whether it is one of a trajectory; and of those "step", and "run", the name of theirs. JSON-ready.

    The colors under a projected checkpoint are `plane_loss`, not its loss: they agree only where the offset is small.

    Args:
        objective, plane: of one P.
        checkpoints: name -> theta [P] or trajectory, or one trajectory.

    Raises:
        ValueError: a theta of another size.
    """
    # A term may call autograd itself, so gradients stay possible; theta asks for none.
    with torch.enable_grad():
        return [_projected(objective, plane, said["name"], theta) | said for said, theta in _named(checkpoints)]


def _named(checkpoints: Checkpoints) -> Iterator[tuple[dict[str, Any], Tensor]]:
    """Yield what is known of each theta without looking at it."""
    each = {"": checkpoints} if isinstance(checkpoints, Trajectory) else checkpoints
    for run, found in each.items():
        if isinstance(found, Tensor):
            yield {"name": run, "path": False}, found
            continue
        for step, theta in zip(found.steps.tolist(), found.thetas, strict=True):
            name = f"{run}, step {step}" if run else f"step {step}"
            yield {"name": name, "path": True, "run": run, "step": step}, theta


def _projected(objective: Objective, plane: Plane, name: str, theta: Tensor) -> dict[str, Any]:
    if theta.shape != plane.origin.shape:
        raise ValueError(
            f"expected theta {tuple(plane.origin.shape)} for checkpoint {name!r}; got {tuple(theta.shape)}"
        )
    theta = theta.to(plane.origin)
    at = plane.coordinates(theta)
    return {
        "name": name,
        "at": at.tolist(),
        "offset": float(plane.offset(theta)),
        "loss": float(objective(theta).detach()),
        "plane_loss": float(objective(plane.at(at)).detach()),
    }
