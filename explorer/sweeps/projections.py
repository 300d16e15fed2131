"""Projections: where saved points lie in a plane, how far from it, and what the plane makes of their loss."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from explorer.objective import Objective
from explorer.plane import Plane
from explorer.trajectory import Trajectory

Checkpoints = Mapping[str, Tensor] | Trajectory


def projected(objective: Objective, plane: Plane, checkpoints: Checkpoints) -> list[dict[str, Any]]:
    """Return, for each checkpoint: "name"; "at", the plane's nearest coordinates (least squares); "offset", its
    distance from the plane in the units of theta; "loss", its own; "plane_loss", that of the plane's point; "path",
    whether it is one of a trajectory. JSON-ready.

    The colors under a projected checkpoint are `plane_loss`, not its loss: they agree only where the offset is small.

    Args:
        objective, plane: of one P.
        checkpoints: name -> theta [P], or a trajectory.

    Raises:
        ValueError: a theta of another size.
    """
    path = isinstance(checkpoints, Trajectory)
    # A term may call autograd itself, so gradients stay possible; theta asks for none.
    with torch.enable_grad():
        return [_projected(objective, plane, name, theta) | {"path": path} for name, theta in _named(checkpoints)]


def _named(checkpoints: Checkpoints) -> list[tuple[str, Tensor]]:
    if isinstance(checkpoints, Trajectory):
        return [(f"step {int(step)}", theta) for step, theta in zip(checkpoints.steps, checkpoints.thetas, strict=True)]
    return list(checkpoints.items())


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
