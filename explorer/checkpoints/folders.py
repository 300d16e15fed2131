"""Folders of checkpoints, as trajectories."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from explorer.checkpoints.checkpoint import Source, checkpoint_in, own_checkpoint
from explorer.checkpoints.contents import is_model_folder
from explorer.checkpoints.recording_format import is_recording, trajectory_in
from explorer.checkpoints.step_names import on_the_path, steps_of
from explorer.checkpoints.trajectory import Trajectory
from explorer.checkpoints.weights import SUFFIXES, is_weights
from explorer.errors import CheckpointError
from explorer.objective import Objective
from explorer.signature import checked


@checked
def read_trajectory(
    objective: Objective, where: Path | str | Sequence[Source], *, key: str | None = None
) -> Trajectory:
    """Return the trajectory of the checkpoints in a folder, in order of their steps, else of their names (epoch_2
    before epoch_10), or of those listed, in their order: files, folders of a model, state dicts, modules.

    Steps are what names tell after "step=", "epoch=" or "checkpoint-", or these words with other signs, else the last
    number in each, if these increase; else 0, 1, 2, ... Numbers are read as they are meant: 5e2 is 500, 12k is 12,000;
    0.91, a date, and what stands in all names alike, such as the 20 of resnet20, are no steps. What is called init is
    at the beginning, at step 0. A version, epoch=1-v1, is a later save of the same step and comes after it, with a
    warning; steps are 0, 1, 2, ... then. Left out of a folder, and taken where they are listed, are what is called best
    or last, states of optimizers and shards, and with a warning what tells no step where most of the others do. A
    folder that `explorer.record` has written also has losses, and ends, with a warning, before the first checkpoint
    that is not finite.

    Args:
        objective: with the model.
        where: a folder, or a list of checkpoints.
        key: which of several sets of weights, as of `read_checkpoint`.

    Raises:
        CheckpointError: no checkpoint there, or one that is not of this model.
    """
    if isinstance(where, (str, Path)) and is_recording(where):
        return _recorded(objective, Path(where))
    paths = _in_folder(Path(where)) if isinstance(where, (str, Path)) else list(where)
    if not paths:
        raise CheckpointError(f"expected checkpoints ({', '.join(SUFFIXES)}) in {where}; there are none")
    theta = objective.theta
    thetas = torch.empty(len(paths), len(theta), dtype=theta.dtype, device=theta.device)
    buffers = []
    for row, path in zip(thetas, paths, strict=True):
        found = own_checkpoint(objective, path, key=key)
        row.copy_(found.theta)
        buffers.append(found.buffers)
    files = [Path(path) for path in paths if isinstance(path, (str, Path))]
    steps = steps_of(files) if len(files) == len(paths) else None
    return replace(Trajectory.of(thetas, steps), buffers=tuple(buffers))


def _recorded(objective: Objective, folder: Path) -> Trajectory:
    buffers: list[Mapping[str, Tensor]] = []

    def read(path: Path) -> Tensor:
        found = checkpoint_in(path, next(objective.modules()), objective.layout, objective.theta)
        buffers.append(found.buffers)
        return found.theta

    trajectory = trajectory_in(folder, read)
    return replace(trajectory, buffers=tuple(buffers[: len(trajectory)]))


def _in_folder(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise CheckpointError(f"expected a folder of checkpoints; got {folder}")
    if is_model_folder(folder):
        raise CheckpointError(f"expected a folder of checkpoints; {folder} is one model: list it, [{str(folder)!r}]")
    found = [path for path in folder.iterdir() if not path.name.startswith(".")]
    files = [path for path in found if is_model_folder(path) or (path.is_file() and is_weights(path))]
    kept = on_the_path(files)
    if files and not kept:
        names = ", ".join(sorted(path.name for path in files)[:3])
        raise CheckpointError(
            f"expected checkpoints of a path in {folder}; there are copies and parts of some alone ({names}): list "
            "those that are meant"
        )
    return kept
