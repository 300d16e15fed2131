"""Snapshot: what a model's checkpoints hold, written as a file."""

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor, nn

from explorer.checkpoints.weights import file_sha256, write_weights


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
