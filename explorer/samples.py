"""Samples: the data of an objective, (inputs, targets), read once and kept."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from explorer.errors import ObjectiveError

Batch = tuple[Tensor, Tensor]


@dataclass(frozen=True, eq=False)
class Samples:
    """D inputs with their D targets, on one device."""

    inputs: Tensor
    """[D, ...]."""
    targets: Tensor
    """[D, ...], floating point or class numbers."""

    def to(self, device: torch.device | str | None, dtype: torch.dtype | None) -> "Samples":
        """Return the samples on another device; floating tensors also in another dtype."""
        return Samples(moved(self.inputs, device, dtype), moved(self.targets, device, dtype))

    def describe(self) -> dict[str, Any]:
        """Return shapes, dtypes and the SHA-256 of the bytes (inputs, then targets; C order)."""
        digest = hashlib.sha256()
        for tensor in (self.inputs, self.targets):
            digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
        return {
            "inputs": list(self.inputs.shape),
            "targets": list(self.targets.shape),
            "dtypes": [str(self.inputs.dtype), str(self.targets.dtype)],
            "sha256": digest.hexdigest(),
        }


def moved(tensor: Tensor, device: torch.device | str | None, dtype: torch.dtype | None) -> Tensor:
    """Return `tensor` on `device`, and in `dtype` where it is floating point."""
    return tensor.to(device=device, dtype=dtype if tensor.is_floating_point() else None)


def read_samples(data: Batch | Iterable[Batch]) -> Samples:
    """Read (inputs, targets), or an iterable of such batches once, end to end.

    Raises:
        ObjectiveError: not pairs of tensors, unequal or zero numbers of samples, or entries that are not finite.
    """
    batches: list[Any] = [data] if _is_batch(data) else list(data)
    for batch in batches:
        if not _is_batch(batch):
            raise ObjectiveError(f"expected data = (inputs, targets), or batches of such tensors; got {_kind(batch)}")
    if not batches:
        raise ObjectiveError("expected at least one batch of data; the iterable was empty (was it used up before?)")
    if len(batches) == 1:
        samples = Samples(*(part.detach() for part in batches[0]))
    else:
        samples = Samples(*(torch.cat([part.detach() for part in parts]) for parts in zip(*batches, strict=True)))
    _check(samples)
    return samples


def _is_batch(item: Any) -> bool:
    return isinstance(item, (tuple, list)) and len(item) == 2 and all(isinstance(part, Tensor) for part in item)


def _kind(item: Any) -> str:
    if isinstance(item, (tuple, list)):
        return f"{type(item).__name__} of ({', '.join(type(part).__name__ for part in item)})"
    return type(item).__name__


def _check(samples: Samples) -> None:
    for name, tensor in (("inputs", samples.inputs), ("targets", samples.targets)):
        if tensor.dim() == 0 or len(tensor) == 0:
            raise ObjectiveError(f"expected {name} [D, ...] with D >= 1; got shape {tuple(tensor.shape)}")
        if tensor.is_floating_point() and not bool(tensor.isfinite().all()):
            count = int((~tensor.isfinite()).sum())
            raise ObjectiveError(f"expected finite {name}; {count} of {tensor.numel()} entries are NaN or infinite")
    if len(samples.inputs) != len(samples.targets):
        raise ObjectiveError(
            f"expected as many targets as inputs; got {len(samples.inputs)} inputs and {len(samples.targets)} targets"
        )
