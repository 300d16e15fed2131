"""A plane that moves along with training."""

import torch
from torch import Tensor

from explorer.checkpoints.trajectory import Trajectory
from explorer.plane import Plane
from explorer.signature import checked


@checked
def along(plane: Plane, trajectory: Trajectory | Tensor) -> list[Plane]:
    """Return, for every theta of a trajectory, the plane through it that is parallel to a given one.

    Each theta has the same coordinates in its own plane as its projection has in the given plane: on one grid all of
    them show one frame, the path stays where it is, and only what lies around it changes. The loss of a checkpoint is
    then the color under it, which on the given plane it is not.

    Args:
        plane: such as `principal(trajectory)`.
        trajectory: thetas [T, P].

    Returns:
        T planes; `made` names the plane they are parallel to ("of", its SHA-256) and the step.

    Raises:
        ValueError: thetas of another size.
    """
    path = trajectory if isinstance(trajectory, Trajectory) else Trajectory.of(trajectory)
    if path.thetas.shape[1] != len(plane.origin):
        raise ValueError(f"expected thetas [T, {len(plane.origin)}]; got {tuple(path.thetas.shape)}")
    of = plane.describe()["sha256"]
    return [_through(plane, theta, {"kind": "along", "of": of, "step": step})
            for step, theta in zip(path.steps.tolist(), path.thetas, strict=True)]  # fmt: skip


def _through(plane: Plane, theta: Tensor, made: dict[str, str | int]) -> Plane:
    theta = theta.detach().to(plane.origin)
    with torch.no_grad():
        origin = theta - plane.coordinates(theta) @ plane.basis
    return Plane(origin, plane.basis, plane.labels, made)
