"""Recorded: the folder of a recorded training, and the trajectory that is in it.

recording.json tells which parameters and buffers there are, and every how many steps they are kept;
step_000000000.safetensors and so on are checkpoints with all of them; losses.csv has a line "step,loss" for every step;
of two on one step, such as one that the optimizer has told before its loss was known, the later one counts.
"""

import json
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from math import nan
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from explorer.checkpoints.trajectory import Trajectory
from explorer.errors import CheckpointError
from explorer.warned import warn

MANIFEST, LOSSES = "recording.json", "losses.csv"
HEADER = "step,loss\n"
FORMAT = 1
_STEP = re.compile(r"step_(\d{9,18})\.safetensors", re.ASCII)
_LARGE = 256 << 20
"""Bytes of all thetas from which on they are a file mapped into memory, which may be larger than memory is."""

Entries = list[tuple[str, tuple[int, ...], str]]
"""Name, shape, dtype."""


@dataclass(frozen=True)
class Manifest:
    """What is recorded, and how often."""

    model: str
    every: int
    parameters: Entries
    """In the order of theta."""
    buffers: Entries

    def text(self) -> str:
        """Return it as JSON, with the SHA-256 of what it says."""
        said = {"format": FORMAT, "model": self.model, "every": self.every, "parameters": self.parameters}
        said["buffers"] = self.buffers
        return json.dumps({**said, "sha256": _sha256(said)}, indent=1)


def step_name(step: int) -> str:
    """Return the name of a step's file; names sort as steps do."""
    return f"step_{step:09d}.safetensors"


def is_recording(folder: Path | str) -> bool:
    """Return whether a folder is one that `explorer.record` has begun."""
    return (Path(folder) / MANIFEST).is_file()


def read_manifest(folder: Path) -> Manifest:
    """Return what is recorded in a folder.

    Raises:
        CheckpointError: it is none, of another format, or damaged.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise CheckpointError(f"expected a folder that explorer.record has written; there is no {path}")
    try:
        said: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        told, version = said.pop("sha256"), said["format"]
        entries = ([(str(n), tuple(map(int, s)), str(d)) for n, s, d in said[key]] for key in ("parameters", "buffers"))
        found = Manifest(str(said["model"]), int(said["every"]), *entries)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise CheckpointError(f"{path} is damaged ({error!r}): the checkpoints beside it can still be read") from None
    if version != FORMAT:
        raise CheckpointError(f"expected a recording of format {FORMAT}; got {version} in {path}: use a newer explorer")
    if told != _sha256(said):
        raise CheckpointError(f"{path} is damaged (SHA-256): the checkpoints beside it can still be read")
    return found


def recorded_steps(folder: Path) -> dict[int, Path]:
    """Return step -> its file, in order; files that are still being written are left out."""
    found = [(each, _STEP.fullmatch(each.name)) for each in folder.iterdir()]
    return dict(sorted((int(match[1]), path) for path, match in found if match))


def read_losses(folder: Path) -> dict[int, float]:
    """Return step -> loss, NaN where none was told; a last line that was cut off while it was written is left out.

    Raises:
        CheckpointError: another line cannot be read.
    """
    path = folder / LOSSES
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True) if path.exists() else []
    found: dict[int, float] = {}
    for number, line in enumerate(lines, 1):
        step, _, loss = line.partition(",")
        try:
            if line.endswith("\n") and line != HEADER:
                found[int(step)] = float(loss)
        except ValueError:
            raise CheckpointError(
                f"{path} is damaged in line {number}, {line[:40]!r}: mend or delete it; the checkpoints stay"
            ) from None
    return found


def trajectory_in(folder: Path, read: Callable[[Path], Tensor]) -> Trajectory:
    """Return the trajectory of a recorded folder, with the loss at each theta: the one of the step that left it, NaN
    where that has not come yet. It ends, with a warning, before the first theta that is not finite.

    Args:
        folder: running, killed or finished.
        read: file -> theta [P].

    Raises:
        CheckpointError: nothing that can be used is recorded, or a file is damaged.
    """
    files, losses = recorded_steps(folder), read_losses(folder)
    if not files:
        raise CheckpointError(f"expected recorded steps in {folder}; there are none yet")
    thetas: Tensor | None = None
    steps: list[int] = []
    for step, path in files.items():
        theta = read(path)
        if not bool(theta.isfinite().all()):
            _tell_end(folder, steps, step)
            break
        thetas = _room(folder, len(files), theta) if thetas is None else thetas
        thetas[len(steps)] = theta
        steps.append(step)
    assert thetas is not None
    return Trajectory.of(thetas[: len(steps)], steps, [losses.get(step + 1, nan) for step in steps])


def _tell_end(folder: Path, steps: list[int], step: int) -> None:
    if not steps:
        raise CheckpointError(f"expected finite weights in {folder}; they are NaN or infinite from the beginning")
    said = f"the weights in {folder} are not finite at step {step}: the trajectory ends at step {steps[-1]}"
    warn(said)


def _room(folder: Path, rows: int, like: Tensor) -> Tensor:
    """Return an empty tensor [rows, P]; a large one lies in a file that is gone when the tensor is."""
    size = rows * len(like)
    if size * like.element_size() < _LARGE or like.is_cuda:
        return torch.empty(rows, len(like), dtype=like.dtype, device=like.device)
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".", suffix=".partial") as file:
            return torch.from_file(file.name, shared=True, size=size, dtype=like.dtype).view(rows, len(like))
    except (OSError, RuntimeError) as error:
        needed = f"{size * like.element_size() / 2**30:.1f} GiB"
        raise CheckpointError(
            f"expected to map {needed} of weights beside {folder}; got {error}: copy the folder where there is room"
        ) from error


def _sha256(said: dict[str, Any]) -> str:
    return sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
