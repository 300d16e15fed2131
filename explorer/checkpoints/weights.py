"""Files of weights: name -> tensor, read without running anything that is in them."""

import hashlib
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from explorer.checkpoints.outline import weights_within
from explorer.errors import CheckpointError
from explorer.files import sync
from explorer.numerics.fingerprint import sha256
from explorer.objective.parameters import InModel, as_real
from explorer.signature import checked

SUFFIXES = (".safetensors", ".pt", ".pth", ".bin", ".ckpt", ".t7", ".tar")
"""Files that can be read; all but the first are PyTorch's own."""

_WRAPPERS = ("module.", "_orig_mod.")
"""What DataParallel and torch.compile put before every name."""

_GLOBAL = re.compile(r"GLOBAL ([\w.]+) was not an allowed global")

_PLAIN_NUMBERS: list[Any] = [
    np.dtype,
    (np._core.multiarray.scalar, "numpy.core.multiarray.scalar"),  # type: ignore[attr-defined]
    np._core.multiarray.scalar,  # type: ignore[attr-defined]
    np._core.multiarray._reconstruct,  # type: ignore[attr-defined]
    (np._core.multiarray._reconstruct, "numpy.core.multiarray._reconstruct"),  # type: ignore[attr-defined]
    np.ndarray,
    *{type(np.dtype(kind)) for kind in "?bBhHiIlLqQefd"},
]
"""What numbers and arrays of NumPy are made of, such as a best accuracy beside the weights."""

_CHECKSUM = "contents_sha256"
"""Key of a safetensors file's metadata: the SHA-256 of all tensors' bytes, in the order of their names."""

_IN_MODEL = "as_in_the_model"
"""Key of the metadata of a file that holds what is in a model, which its own code for saving may write otherwise."""

_AS_PARTS = "complex_as_parts"
"""Key of the metadata of a file with complex tensors of a dtype that safetensors does not know: the names of those that
are stored as real ones, [..., 2]."""


def is_weights(path: Path) -> bool:
    """Return whether a file's name is that of weights."""
    return path.suffix.lower() in SUFFIXES


def read_file(path: Path) -> Any:
    """Return what a file holds, on the CPU: of safetensors name -> tensor, of PyTorch's format what `weights_only=True`
    reads, and plain numbers of NumPy.

    A file that needs more than that is refused: there is no fallback that would run what it contains. Files that
    `write_weights` has written tell the SHA-256 of their contents, and are compared with it.

    Raises:
        CheckpointError: not such a file, or damaged.
    """
    if not path.exists():
        raise CheckpointError(f"expected a file of weights; there is no {path}")
    try:
        return _load_safe(path) if path.suffix.lower() == SUFFIXES[0] else _load(path)
    # A damaged or hostile file makes the readers raise almost anything.
    except Exception as error:
        raise CheckpointError(f"{path} cannot be read as weights: {_reason(error, path)}") from error


def read_weights(path: Path | str) -> dict[str, Tensor]:
    """Return name -> tensor of a file that `write_weights` has written, or one like it.

    Raises:
        CheckpointError: it is none, or damaged.
    """
    found = read_file(Path(path))
    if not isinstance(found, Mapping) or not all(isinstance(each, Tensor) for each in found.values()):
        raise CheckpointError(f"expected name -> tensor in {path}; got {type(found).__name__}")
    return unwrapped(found)


def write_weights(weights: Mapping[str, Tensor], path: Path | str) -> None:
    """Write name -> tensor as safetensors, in whole or not at all: beside the file first, then in its place. What was
    written as `InModel` is read as such.

    Raises:
        CheckpointError: the name does not end in .safetensors, or the file cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() != SUFFIXES[0]:
        raise CheckpointError(f"expected a file name ending in {SUFFIXES[0]}; got {path}")
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        # Views of one vector would be saved as that vector; contiguous clones are saved as themselves.
        copies = {name: each.detach().cpu().contiguous().clone() for name, each in weights.items()}
        kind = {_IN_MODEL: "true"} if isinstance(weights, InModel) else {}
        parts = [name for name, each in copies.items() if each.is_complex() and each.dtype != torch.complex64]
        if parts:
            copies |= {name: as_real(copies[name]).contiguous() for name in parts}
            kind[_AS_PARTS] = json.dumps(parts)
        save_file(copies, partial, metadata={_CHECKSUM: _contents(copies), **kind})
        with partial.open("rb+") as file:
            sync(file.fileno(), path.parent)
        partial.replace(path)
    except Exception as error:
        raise CheckpointError(f"{path} cannot be written: {_first_line(error)}") from error
    finally:
        partial.unlink(missing_ok=True)


@checked
def file_sha256(path: Path | str) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def unwrapped(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the weights by the names that they have without DataParallel and torch.compile around the model."""
    found = dict(weights)
    for wrapper in _WRAPPERS * 2:
        if all(name.startswith(wrapper) for name in found):
            found = {name.removeprefix(wrapper): each for name, each in found.items()}
    return InModel(found) if isinstance(weights, InModel) else found


def _load_safe(path: Path) -> dict[str, Tensor]:
    with safe_open(path, framework="pt") as file:
        # A file of safetensors is no mapping: it has keys, and cannot be iterated.
        found = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        metadata = file.metadata() or {}
    if _CHECKSUM in metadata and metadata[_CHECKSUM] != _contents(found):
        raise ValueError("its contents are not what was written (SHA-256): it is damaged")
    whole = {name: torch.view_as_complex(found[name]) for name in json.loads(metadata.get(_AS_PARTS, "[]"))}
    return InModel(found | whole) if _IN_MODEL in metadata else found | whole


def _contents(weights: Mapping[str, Tensor]) -> str:
    return sha256(*(weights[name] for name in sorted(weights)))


def _load(path: Path) -> Any:
    with torch.serialization.safe_globals(_PLAIN_NUMBERS):
        return torch.load(path, map_location="cpu", weights_only=True)


def _reason(error: Exception, path: Path) -> str:
    """Return why a file cannot be read; of an object that is no weight its name, and the lines that get around it."""
    named = _GLOBAL.search(str(error))
    if named is None:
        return f"{_first_line(error)}. Save model.state_dict(), best as .safetensors"
    return (
        f"it holds {named[1]}, which reading could run. If you trust the file:\n"
        f"    found = torch.load({str(path)!r}, map_location='cpu', weights_only=False)\n"
        f"    explorer.checkpoints.write_checkpoint(found{_place(path)}"
    )


def _place(path: Path) -> str:
    """Return how the line that writes the weights ends: where they are in the file, as far as that can be told."""
    where, end = weights_within(path), ', "weights.safetensors")'
    if where is None:
        return f'["state_dict"]{end}  # or wherever in it the model or its weights are'
    return f"{where}{end}"


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:200].rstrip(".")
