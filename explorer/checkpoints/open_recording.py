"""Recordings: a recorded training, read as a trajectory."""

from collections.abc import Mapping
from dataclasses import replace
from functools import reduce
from pathlib import Path

import torch
from torch import Tensor

from explorer.checkpoints.recording_format import Manifest, read_manifest, trajectory_in
from explorer.checkpoints.trajectory import Trajectory
from explorer.checkpoints.weights import read_weights
from explorer.errors import CheckpointError
from explorer.objective.parameters import as_real
from explorer.signature import checked


@checked
def open_trajectory(folder: Path | str) -> Trajectory:
    """Return the trajectory in a folder that `explorer.record` has written, is writing, or was killed while writing.

    Thetas hold all of the model's parameters, on the CPU, in the dtype that they have in common, and of complex ones
    both parts, as an objective's thetas do; the buffers beside them, such as BatchNorm's statistics; and the loss that
    the next step reported, so the one at that theta, and NaN for the last. One checkpoint is read at a time. Thetas of
    together 256 MiB or more lie in a temporary file beside the checkpoints, mapped into memory and deleted with the
    tensor: what is used at once has to fit into memory, not all of them. For only some of the parameters, or another
    dtype: `checkpoints.read_trajectory(objective, folder)`.

    Nothing that is in the files is run. A trajectory that is not finite from some step on ends before it, with a
    warning.

    Raises:
        CheckpointError: no such folder, nothing recorded yet, or a file that is damaged, naming it.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    buffers: list[Mapping[str, Tensor]] = []

    def read(path: Path) -> Tensor:
        weights = read_weights(path)
        buffers.append({name: weights[name] for name, _, _ in manifest.buffers if name in weights})
        return _theta(manifest, weights, path)

    trajectory = trajectory_in(folder, read)
    return replace(trajectory, buffers=tuple(buffers[: len(trajectory)]))


def _theta(manifest: Manifest, weights: Mapping[str, Tensor], path: Path) -> Tensor:
    there = {name: (tuple(each.shape), str(each.dtype)) for name, each in weights.items()}
    other = [name for name, *kind in manifest.parameters if there.get(name) != tuple(kind)]
    if other:
        raise CheckpointError(
            f"expected the parameters of recording.json in {path}; {other[0]!r} is missing or another: remove the file"
        )
    pieces = [as_real(weights[name]).reshape(-1) for name, _, _ in manifest.parameters]
    dtype = reduce(torch.promote_types, (piece.dtype for piece in pieces))
    return torch.cat([piece.to(dtype) for piece in pieces])
