"""Projections: where saved points lie in a plane, how far from it, and what the plane makes of their loss."""

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm

from explorer.checkpoints import Checkpoint, own_checkpoint
from explorer.checkpoints.checkpoint import Source
from explorer.checkpoints.trajectory import Trajectory
from explorer.objective import Objective
from explorer.plane import Plane

Checkpoints = Mapping[str, Source | Trajectory | Checkpoint] | Trajectory
"""Name -> what is saved; or one trajectory."""


def projected(objective: Objective, plane: Plane, checkpoints: Checkpoints) -> list[dict[str, Any]]:
    """Return, for each checkpoint: "name"; "at", the plane's nearest coordinates (least squares); "offset", its
    distance from the plane in the units of theta; "loss", its own; "statistics", whose BatchNorm statistics it has,
    its "own", saved beside it, or the "model"'s, None where there is no such layer; "plane_loss", that of the plane's
    point; "path", whether it is one of a trajectory; and of those "step", and "run", the name of theirs. JSON-ready.

    The colors under a projected checkpoint are `plane_loss`, not its loss: they agree only where the offset is small,
    and the buffers are the objective's.

    Args:
        objective, plane: of one P.
        checkpoints: name -> theta [P], module, state dict, file, checkpoint or trajectory; or one trajectory.

    Raises:
        ValueError: a theta of another size.
        CheckpointError: one that is not of the objective's model.
    """
    # A term may call autograd itself, so gradients stay possible; theta asks for none.
    with torch.enable_grad():
        return [
            _projected(objective, plane, said["name"], each) | said for said, each in _named(objective, checkpoints)
        ]


def _named(objective: Objective, checkpoints: Checkpoints) -> Iterator[tuple[dict[str, Any], Checkpoint]]:
    """Yield what is known of each without looking at it."""
    found = {"": checkpoints} if isinstance(checkpoints, Trajectory) else checkpoints
    for run, source in found.items():
        if not isinstance(source, Trajectory):
            yield {"name": run, "path": False}, _saved(objective, source)
            continue
        buffers = source.buffers or ({},) * len(source)
        for step, theta, beside in zip(source.steps.tolist(), source.thetas, buffers, strict=True):
            name = f"{run}, step {step}" if run else f"step {step}"
            yield {"name": name, "path": True, "run": run, "step": step}, Checkpoint(theta, beside)


def _saved(objective: Objective, source: Source | Checkpoint) -> Checkpoint:
    if isinstance(source, Checkpoint):
        return source
    return Checkpoint(source, {}) if isinstance(source, Tensor) else own_checkpoint(objective, source)


def _projected(objective: Objective, plane: Plane, name: str, saved: Checkpoint) -> dict[str, Any]:
    if saved.theta.shape != plane.origin.shape:
        raise ValueError(
            f"expected theta {tuple(plane.origin.shape)} for checkpoint {name!r}; got {tuple(saved.theta.shape)}"
        )
    theta = saved.theta.to(plane.origin)
    at = plane.coordinates(theta)
    return {
        "name": name,
        "at": at.tolist(),
        "offset": float(plane.offset(theta)),
        "loss": saved.loss(objective),
        "statistics": _statistics(objective, saved),
        "plane_loss": float(objective(plane.at(at)).detach()),
    }


def _statistics(objective: Objective, saved: Checkpoint) -> str | None:
    normalized = any(isinstance(each, _BatchNorm) and each.track_running_stats for each in objective.modules())
    if not normalized or objective.batchnorm != "eval":
        return None
    return "own" if saved.buffers else "model"
