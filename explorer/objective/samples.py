"""Samples: inputs with their targets, and what can be said of them."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from explorer.errors import ObjectiveError
from explorer.objective.loaders.contents import outline

Batch = tuple[Tensor, Tensor]

_CURE = """    def batch_loss(model, batch): return model(**batch).loss  # a mean over what count says
    Objective(model, batch_loss=batch_loss, data=batches, count=lambda batch: len(batch["labels"]))"""
_CURE_PADDED = """    def batch_loss(model, batch): return loss(model(batch[0]), batch[1])
    Objective(model, batch_loss=batch_loss, data=batches, count=lambda batch: (batch[1] != -100).sum())"""


class OtherStructureError(ObjectiveError):
    """A batch is no (inputs, targets) of two tensors."""

    def __init__(self, batch: Any) -> None:
        super().__init__(
            f"expected data = (inputs, targets), or batches of such tensors; got {outline(batch)}: use "
            f"torch.from_numpy for arrays; batches of any other kind are kept as they are by\n{_CURE}"
        )
        self.batch = batch


@dataclass(frozen=True, eq=False)
class Samples:
    """D inputs with their D targets, on one device."""

    inputs: Tensor
    """[D, ...]."""
    targets: Tensor
    """[D, ...], floating point or class numbers."""
    _versions: tuple[int, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_versions", self._now())

    @property
    def masked(self) -> int:
        """How many entries of the targets are NaN."""
        return int(self.targets.isnan().sum()) if self.targets.is_floating_point() else 0

    @property
    def given(self) -> tuple[Tensor, Tensor]:
        """What a problem takes beside the model."""
        return self.inputs, self.targets

    def joined(self, other: "Samples") -> "Samples":
        """Return these samples and then the others."""
        return Samples(torch.cat([self.inputs, other.inputs]), torch.cat([self.targets, other.targets]))

    def refuse_changed(self) -> None:
        """Refuse samples whose tensors have been changed in place since. Raises ObjectiveError."""
        if self._now() != self._versions:
            raise ObjectiveError(
                "expected data that stay as they were when the objective was made (tensors are not copied); they "
                "have been changed in place since: make a new Objective, or give it data.clone()"
            )

    def __reduce__(self) -> tuple[Any, ...]:
        # Counted anew: a copy's tensors have a history of their own.
        return Samples, (self.inputs, self.targets)

    def _now(self) -> tuple[int, ...]:
        return tuple(tensor._version for tensor in (self.inputs, self.targets) if not tensor.is_inference())

    def __len__(self) -> int:
        return len(self.inputs)

    def __getitem__(self, which: slice) -> "Samples":
        return Samples(self.inputs[which], self.targets[which])

    def to(self, device: torch.device | str | None, dtype: torch.dtype | None) -> "Samples":
        """Return the samples on another device; floating tensors also in another dtype."""
        return Samples(moved(self.inputs, device, dtype), moved(self.targets, device, dtype))

    def describe(self) -> dict[str, Any]:
        """Return shapes, dtypes and a SHA-256 that does not depend on the order of the samples (a loader may shuffle):
        that of the sorted digests of all samples."""
        return {
            "inputs": list(self.inputs.shape),
            "targets": list(self.targets.shape),
            "dtypes": [str(self.inputs.dtype), str(self.targets.dtype)],
            "sha256": self._sha256,
        }

    @cached_property
    def _sha256(self) -> str:
        return combined(self.digests())

    def digests(self) -> list[bytes]:
        """Return the SHA-256 of each sample's bytes, input then target."""
        inputs, targets = (_bytes(part) for part in (self.inputs, self.targets))
        return [hashlib.sha256(inputs[i].tobytes() + targets[i].tobytes()).digest() for i in range(len(self))]


def combined(digests: list[bytes]) -> str:
    """Return one SHA-256, in hexadecimal, of the digests of samples in any order."""
    return hashlib.sha256(b"".join(sorted(digests))).hexdigest()


def moved(tensor: Tensor, device: torch.device | str | None, dtype: torch.dtype | None) -> Tensor:
    """Return `tensor` on `device`, and in `dtype` where it is floating point."""
    return tensor.to(device=device, dtype=dtype if tensor.is_floating_point() else None)


def samples_of(batch: Any) -> Samples:
    """Return the samples of one (inputs, targets).

    Raises:
        OtherStructureError: not a pair of tensors.
        ObjectiveError: unequal or zero numbers of samples, or entries that are not finite.
    """
    if not is_batch(batch):
        raise OtherStructureError(batch)
    samples = Samples(*(part.detach() for part in batch))
    _check(samples)
    return samples


def refuse_other_shape(first: Samples, later: Samples) -> None:
    """Refuse batches that cannot be joined, such as those padded to different lengths.

    Raises:
        ObjectiveError: with both shapes, and the form that takes them.
    """
    for name, one, other in (("inputs", first.inputs, later.inputs), ("targets", first.targets, later.targets)):
        if one.shape[1:] != other.shape[1:]:
            raise ObjectiveError(
                f"expected {name} of one shape in all batches; got {list(one.shape)} and {list(other.shape)}: batches "
                f"padded to different lengths are kept as they are by\n{_CURE_PADDED}"
            )


def refuse_nothing(total: float) -> float:
    """Return what data count in all; raises ObjectiveError where that is nothing."""
    if not total > 0:
        raise ObjectiveError(
            f"expected data of which the loss counts something; it counts {total:g}: are all labels ignored, all "
            "targets NaN, or the weights of their classes 0?"
        )
    return total


def is_batch(item: Any) -> bool:
    """Return whether an item is (inputs, targets), two tensors."""
    return isinstance(item, (tuple, list)) and len(item) == 2 and all(isinstance(part, Tensor) for part in item)


def is_no_batches(data: Any) -> bool:
    """Return whether data are plainly no iterable of batches, but one batch or something else."""
    if isinstance(data, tuple):
        return any(isinstance(each, Tensor) for each in data)
    return isinstance(data, (Mapping, Tensor, str)) or not isinstance(data, Iterable)


def _bytes(tensor: Tensor) -> Any:
    """Return the samples as rows of bytes (NumPy knows neither bfloat16 nor other devices)."""
    flat = tensor.detach().cpu().contiguous().reshape(len(tensor), -1)
    # A view as bytes needs a stride of 1, which a single row or column may not have.
    return flat.clone(memory_format=torch.contiguous_format).view(torch.uint8).numpy()


def _check(samples: Samples) -> None:
    for name, tensor in (("inputs", samples.inputs), ("targets", samples.targets)):
        if tensor.dim() == 0 or len(tensor) == 0:
            raise ObjectiveError(f"expected {name} [D, ...] with D >= 1; got shape {tuple(tensor.shape)}")
        # A target that is NaN may be masked: the loss tells.
        odd = tensor.isinf() if name == "targets" else ~tensor.isfinite()
        if tensor.is_floating_point() and bool(odd.any()):
            count = int(odd.sum())
            raise ObjectiveError(f"expected finite {name}; {count} of {tensor.numel()} entries are NaN or infinite")
    if len(samples.inputs) != len(samples.targets):
        raise ObjectiveError(
            f"expected as many targets as inputs; got {len(samples.inputs)} inputs and {len(samples.targets)} targets"
        )
