"""Contents: where in a file, a folder or a mapping names -> tensors lie."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from explorer.checkpoints.weights import SUFFIXES, is_weights, read_file
from explorer.errors import CheckpointError
from explorer.objective.parameters import InModel

_DEPTH = 3
"""How deep training programs put weights: a callback's average is under callbacks, its name, and the average."""
_INDEX = ".index.json"
_IN_FOLDER = (
    "model.safetensors",
    "adapter_model.safetensors",
    "pytorch_model.bin",
    "adapter_model.bin",
)
"""What Hugging Face and peft call the weights in a folder of a model."""
_SHARD = re.compile(r"(\d+)-of-(\d+)", re.ASCII)


@dataclass(frozen=True, eq=False)
class WeightSet:
    """Names -> tensors, and where they lie."""

    where: str
    """Keys, joined by "/"; "/" for the whole."""
    weights: Mapping[str, Tensor]
    versions: Mapping[str, Any] | None = None
    """Module's name -> what PyTorch keeps of its version beside a state dict."""
    as_in_model: bool = False
    """Whether they are as in a model, whatever its own code would write of it."""


def weight_sets(found: Any, depth: int = _DEPTH, where: str = "") -> Iterator[WeightSet]:
    """Yield every mapping that holds tensors by name within nested mappings."""
    if not isinstance(found, Mapping):
        return
    weights = {name: each for name, each in found.items() if isinstance(name, str) and isinstance(each, Tensor)}
    if weights:
        yield WeightSet(where or "/", weights, getattr(found, "_metadata", None), isinstance(found, InModel))
    if depth:
        for key, value in found.items():
            yield from weight_sets(value, depth - 1, f"{where}/{key}" if where else str(key))


def stored(path: Path) -> Any:
    """Return what a file holds, or a folder of a model, or the shards that an index lists.

    Raises:
        CheckpointError: none of these, damaged, or a shard is missing or alone.
    """
    if path.is_dir():
        return stored(_within(path))
    if path.name.endswith(_INDEX):
        return _joined(path)
    if not is_weights(path):
        raise CheckpointError(f"expected a file of weights ({', '.join(SUFFIXES)}), or a folder of some; got {path}")
    shard = _SHARD.search(path.name)
    if shard and int(shard[2]) > 1:
        raise CheckpointError(
            f"expected all weights of a model; {path} is shard {int(shard[1])} of {int(shard[2])}: give its folder, or "
            f"the index beside it (...{_INDEX})"
        )
    return read_file(path)


def is_model_folder(path: Path) -> bool:
    """Return whether a folder holds the weights of one model, as Hugging Face's libraries lay them out."""
    return path.is_dir() and (any(path.glob(f"*{_INDEX}")) or any((path / name).is_file() for name in _IN_FOLDER))


def _within(folder: Path) -> Path:
    indices = sorted(folder.glob(f"*{_INDEX}"))
    files = [folder / name for name in _IN_FOLDER if (folder / name).is_file()]
    if not indices and not files:
        raise CheckpointError(
            f"expected a file of weights, or a folder with one of {', '.join(_IN_FOLDER)} or ...{_INDEX}; got {folder}"
        )
    return [*indices, *files][0]


def _joined(index: Path) -> dict[str, Tensor]:
    try:
        files = sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
        paths = [index.parent / Path(str(name)).name for name in files]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(f"{index} cannot be read as an index of shards: {error!r}") from error
    missing = [path.name for path in paths if not path.is_file()]
    if missing:
        raise CheckpointError(f"expected all shards of {index} beside it; missing: {', '.join(missing[:5])}")
    return {name: each for path in paths for name, each in read_file(path).items()}
