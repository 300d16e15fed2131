"""Files of weights: name -> tensor, read without running anything that is in them."""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from explorer.errors import CheckpointError
from explorer.numerics.fingerprint import sha256

SUFFIXES = (".safetensors", ".pt", ".pth", ".bin", ".ckpt")
"""Files that can be read; all but the first are PyTorch's own."""

_INSIDE = ("state_dict", "model_state_dict", "model")
"""Where training programs put the weights beside an optimizer's state."""

_WRAPPERS = ("module.", "_orig_mod.")
"""What DataParallel and torch.compile put before every name."""

_CHECKSUM = "contents_sha256"
"""Key of a safetensors file's metadata: the SHA-256 of all tensors' bytes, in the order of their names."""


def read_weights(path: Path | str) -> dict[str, Tensor]:
    """Return name -> tensor on the CPU, as saved; safetensors, or PyTorch's format with `weights_only=True`.

    A file that needs more than that is refused: there is no fallback that would run what it contains. Files that
    `write_weights` has written tell the SHA-256 of their contents, and are compared with it.

    Raises:
        CheckpointError: not such a file, or damaged.
    """
    path = Path(path)
    if path.suffix.lower() not in SUFFIXES:
        raise CheckpointError(f"expected a file of weights ({', '.join(SUFFIXES)}); got {path}")
    try:
        found = _load_safe(path) if path.suffix.lower() == SUFFIXES[0] else _load(path)
    # A damaged or hostile file makes the readers raise almost anything.
    except Exception as error:
        raise CheckpointError(
            f"{path} cannot be read as weights: {_first_line(error)}. Save model.state_dict(), best as .safetensors"
        ) from error
    return unwrapped(_inside(found, path))


def write_weights(weights: Mapping[str, Tensor], path: Path | str) -> None:
    """Write name -> tensor as safetensors, in whole or not at all: beside the file first, then in its place.

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
        save_file(copies, partial, metadata={_CHECKSUM: _contents(copies)})
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        partial.replace(path)
    except Exception as error:
        raise CheckpointError(f"{path} cannot be written: {_first_line(error)}") from error
    finally:
        partial.unlink(missing_ok=True)


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
    return found


def _load_safe(path: Path) -> dict[str, Tensor]:
    with safe_open(path, framework="pt") as file:
        # A file of safetensors is no mapping: it has keys, and cannot be iterated.
        found = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        told = (file.metadata() or {}).get(_CHECKSUM)
    if told is not None and told != _contents(found):
        raise ValueError("its contents are not what was written (SHA-256): it is damaged")
    return found


def _contents(weights: Mapping[str, Tensor]) -> str:
    return sha256(*(weights[name] for name in sorted(weights)))


def _load(path: Path) -> Any:
    return torch.load(path, map_location="cpu", weights_only=True)


def _inside(found: Any, path: Path) -> dict[str, Tensor]:
    for key in _INSIDE:
        if isinstance(found, Mapping) and isinstance(found.get(key), Mapping):
            found = found[key]
            break
    if not isinstance(found, Mapping) or not found:
        raise CheckpointError(f"expected a state_dict in {path}, or one under {_INSIDE}; got {type(found).__name__}")
    odd = [name for name, each in found.items() if not isinstance(name, str) or not isinstance(each, Tensor)]
    if odd:
        raise CheckpointError(
            f"expected a state_dict in {path}, or one under {_INSIDE}: name -> tensor; {odd[0]!r} is "
            f"{type(found[odd[0]]).__name__}"
        )
    return dict(found)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:200].rstrip(".")
