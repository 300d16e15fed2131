"""Checkpoints of a model <-> theta."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn

from explorer.checkpoints.recording_format import is_recording, trajectory_in
from explorer.checkpoints.step_names import on_the_path, steps_of
from explorer.checkpoints.trajectory import Trajectory
from explorer.checkpoints.weights import SUFFIXES, file_sha256, read_weights, write_weights
from explorer.errors import CheckpointError
from explorer.objective import Objective


def read_checkpoint(objective: Objective, path: Path | str) -> Tensor:
    """Return theta [P], of the objective's dtype on its device, from a file of the model's weights.

    A state_dict, alone or under "state_dict", "model_state_dict" or "model"; names may begin with "module."
    (DataParallel). What theta leaves out is not read: buffers, such as BatchNorm's statistics, and parameters that were
    not chosen stay the objective's own.

    Raises:
        CheckpointError: not a file of weights, not of this model (naming what is missing, unexpected or of another
            shape), or with entries that are not finite.
    """
    theta = _theta(objective, path)
    if not bool(theta.isfinite().all()):
        raise CheckpointError(
            f"expected finite weights in {path}; some are NaN or infinite: take an earlier checkpoint"
        )
    return theta


def write_checkpoint(weights: nn.Module | Mapping[str, Tensor], path: Path | str) -> str:
    """Write a model's parameters and buffers, or name -> tensor, as safetensors, and return the file's SHA-256.

    Written in whole or not at all; a tied parameter once, under its first name. `objective.layout.unflatten(theta)`
    gives the mapping of any theta.

    Raises:
        CheckpointError: the name does not end in .safetensors.
    """
    write_weights(own_weights(weights) if isinstance(weights, nn.Module) else weights, path)
    return file_sha256(path)


def own_weights(model: nn.Module) -> dict[str, Tensor]:
    """Return a model's parameters, each under its first name, and the buffers that are saved with it."""
    kept = set(model.state_dict())
    return {**dict(model.named_parameters()), **{name: b for name, b in model.named_buffers() if name in kept}}


def read_trajectory(objective: Objective, where: Path | str | Sequence[Path | str]) -> Trajectory:
    """Return the trajectory of the checkpoints in a folder, in order of their steps, else of their names (epoch_2
    before epoch_10), or of the files listed, in their order.

    Steps are what all names tell after "step=", "epoch=" or "checkpoint-", else the last number in each, if these
    increase; else 0, 1, 2, ... What is called best or last, states of optimizers and shards are left out of a folder,
    and taken where they are listed. A folder that `explorer.record` has
    written also has losses, and ends, with a warning, before the first checkpoint that is not finite.

    Raises:
        CheckpointError: no checkpoint there, or one that is not of this model.
    """
    if isinstance(where, (str, Path)) and is_recording(where):
        return trajectory_in(Path(where), partial(_theta, objective))
    paths = _in_folder(Path(where)) if isinstance(where, (str, Path)) else [Path(each) for each in where]
    if not paths:
        raise CheckpointError(f"expected checkpoints ({', '.join(SUFFIXES)}) in {where}; there are none")
    theta = objective.theta
    thetas = torch.empty(len(paths), len(theta), dtype=theta.dtype, device=theta.device)
    for row, path in zip(thetas, paths, strict=True):
        row.copy_(read_checkpoint(objective, path))
    return Trajectory.of(thetas, steps_of(paths))


def _theta(objective: Objective, path: Path | str) -> Tensor:
    """Return theta [P], finite or not."""
    weights = read_weights(path)
    model = next(objective.modules())
    found = _by_own_names(model, weights)
    _refuse_other_model(objective, model, weights, found, path)
    layout, like = objective.layout, objective.theta
    try:
        return layout.flatten({name: found[name].detach().to(like) for name in layout.shapes})
    # Sparse, quantized and empty ("meta") tensors have names and shapes, too.
    except Exception as error:
        raise CheckpointError(f"expected plain tensors in {path}; {error}") from error


def _by_own_names(model: nn.Module, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the weights by the first name of each parameter: files keep a tied one under any of its names."""
    first = {parameter: name for name, parameter in model.named_parameters()}
    found: dict[str, Tensor] = {}
    for alias, parameter in model.named_parameters(remove_duplicate=False):
        if alias in weights:
            found.setdefault(first[parameter], weights[alias])
    return found


def _refuse_other_model(
    objective: Objective, model: nn.Module, weights: Mapping[str, Tensor], found: Mapping[str, Tensor], path: Path | str
) -> None:
    shapes = objective.layout.shapes
    known = {name for name, _ in model.named_parameters(remove_duplicate=False)} | set(model.state_dict())
    other = [f"{name} {tuple(found[name].shape)} for {shape}" for name, shape in shapes.items()
             if name in found and tuple(found[name].shape) != shape]  # fmt: skip
    whole = [name for name in shapes if name in found and not found[name].is_floating_point()]
    complaints = {
        "missing": [name for name in shapes if name not in found],
        "unexpected": [name for name in weights if name not in known and not _is_buffer(model, name)],
        "of another shape": other,
        "not floating point": whole,
    }
    if any(complaints.values()):
        listed = "; ".join(f"{kind}: {_some(names)}" for kind, names in complaints.items() if names)
        raise CheckpointError(f"expected the weights of {type(model).__name__} in {path}; {listed}")


def _is_buffer(model: nn.Module, name: str) -> bool:
    return name in dict(model.named_buffers(remove_duplicate=False))


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _in_folder(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise CheckpointError(f"expected a folder of checkpoints; got {folder}")
    files = [path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")]
    kept = on_the_path(files)
    if files and not kept:
        names = ", ".join(sorted(path.name for path in files)[:3])
        raise CheckpointError(
            f"expected checkpoints of a path in {folder}; there are copies and parts of some alone ({names}): list "
            "those that are meant"
        )
    return kept
