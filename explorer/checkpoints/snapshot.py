"""Snapshot: what a model's checkpoints hold, written as a file."""

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor, nn

from explorer.checkpoints.weights import file_sha256, write_weights
from explorer.objective.parameters import InModel
from explorer.signature import checked


@checked
def write_checkpoint(weights: nn.Module | Mapping[str, Tensor], path: Path | str) -> str:
    """Write a model's parameters and buffers, or name -> tensor, as safetensors, and return the file's SHA-256.

    Written in whole or not at all; a tied parameter once, under its first name. A module is written as it is, without
    its own code for saving, and read so. A mapping is taken for a state dict; one that
    `objective.layout.unflatten(theta)` gives holds that theta as it is in the model, and is read so.

    Raises:
        CheckpointError: the name does not end in .safetensors.
    """
    write_weights(own_weights(weights) if isinstance(weights, nn.Module) else weights, path)
    return file_sha256(path)


def own_weights(model: nn.Module) -> InModel:
    """Return a model's parameters, each under its first name, and the buffers that are saved with it."""
    kept = set(model.state_dict())
    buffers = {name: each for name, each in model.named_buffers() if name in kept}
    return InModel({**dict(model.named_parameters()), **buffers})
