"""Batch data: batches of any structure, kept as they came or read again for every pass. A block is a batch."""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset

from explorer.errors import ObjectiveError
from explorer.numerics.free_memory import room
from explorer.objective.loaders.contents import digest_of, moved_copy, outline, replaced, tensors_of
from explorer.objective.loaders.ownership import owned
from explorer.objective.samples import combined, is_no_batches, refuse_nothing

Count = Callable[[Any], Any]
"""batch -> over how much its mean is taken."""


@dataclass(frozen=True, eq=False)
class Batch:
    """One batch, on the device."""

    content: Any
    """As the loader made it, with its tensors moved."""
    number: int
    is_pair: bool = False
    """Whether it is (inputs, targets), which a loss of prediction and target takes."""
    tensors: list[Tensor] = field(init=False, repr=False)
    """All that it holds."""
    _versions: tuple[int, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tensors", tensors_of(self.content))
        object.__setattr__(self, "_versions", self._now())

    @property
    def size(self) -> int | None:
        """The leading size that all its tensors have; None where there is no such."""
        sizes = {len(tensor) if tensor.dim() else None for tensor in self.tensors}
        return sizes.pop() if len(sizes) == 1 else None

    @property
    def masked(self) -> int:
        """How many entries of a pair's targets are NaN."""
        return int(self.targets.isnan().sum()) if self.is_pair and self.targets.is_floating_point() else 0

    @property
    def targets(self) -> Tensor:
        """Of a pair."""
        targets: Tensor = self.content[1]
        return targets

    @property
    def extent(self) -> tuple[int, int]:
        """How many entries its tensors have in all, and the longest of their dimensions."""
        longest = max((max(tensor.shape, default=0) for tensor in self.tensors), default=0)
        return sum(tensor.numel() for tensor in self.tensors), longest

    def copy(self) -> Any:
        """Return the batch for a function to take apart: another object, whose tensors are others with the same memory,
        so that what is asked of them (requires_grad_) is not asked of the user's."""
        return replaced(self.content, self.tensors, [_alias(tensor) for tensor in self.tensors])

    def cloned(self) -> "Batch":
        """Return the batch with memory of its own, to try things on that may write to it."""
        clones = [tensor.detach().clone().requires_grad_(tensor.requires_grad) for tensor in self.tensors]
        return replace(self, content=replaced(self.content, self.tensors, clones))

    @property
    def given(self) -> tuple[Any, ...]:
        """What a problem takes beside the model: the batch itself, or a pair's inputs and targets."""
        return tuple(self.copy()) if self.is_pair else (self,)

    def __len__(self) -> int:
        return max((len(tensor) for tensor in self.tensors if tensor.dim()), default=1)

    def halves(self) -> "list[Batch]":
        """Return the first and the second half of its samples as batches; none where it cannot be taken apart."""
        size = self.size or 0
        if size < 2:
            return []
        slices = slice(0, size // 2), slice(size // 2, size)
        return [
            replace(self, content=replaced(self.content, self.tensors, [tensor[half] for tensor in self.tensors]))
            for half in slices
        ]

    def refuse_changed(self) -> None:
        """Refuse a batch whose tensors have been written to since. Raises ObjectiveError."""
        if self._now() != self._versions:
            raise ObjectiveError(
                f"expected batches that stay as they are; tensors of batch {self.number} have been written to since "
                "they were given: let batch_loss and count make new tensors, such as labels.masked_fill(...), and the "
                "loader a new batch each time"
            )

    def to(self, device: torch.device | str | None, dtype: torch.dtype | None) -> "Batch":
        """Return the batch on another device, its floating tensors also in another dtype, as a copy; itself where
        nothing changes."""
        if all(_is_there(tensor, device, dtype) for tensor in self.tensors):
            return self
        content = moved_copy(self.content, lambda tensor, stays: _moved(tensor, device, dtype, stays))
        return replace(self, content=content)

    def owned(self) -> "Batch":
        """Return the batch as another object, with a copy of all in it that can be written to past PyTorch: arrays, and
        tensors that share their memory."""
        mine = [owned(tensor) for tensor in self.tensors]
        return replace(self, content=replaced(self.content, self.tensors, mine))

    def __reduce__(self) -> tuple[Any, ...]:
        # Counted anew: a copy's tensors have a history of their own.
        return Batch, (self.content, self.number, self.is_pair)

    def _now(self) -> tuple[int, ...]:
        return tuple(tensor._version for tensor in self.tensors if not tensor.is_inference())


@dataclass(frozen=True, eq=False)
class Batches:
    """Batches with their counts: kept, or of a source that is read again for every pass."""

    kept: tuple[Batch, ...]
    """Empty where they are streamed."""
    source: Iterable[Any] | None
    """Where they are streamed from."""
    counts: tuple[float, ...]
    """Over how much each batch's mean is taken; NaN where nothing tells."""
    sha256: str
    """Of the batches in any order."""
    device: torch.device
    dtype: torch.dtype | None = None
    """Floating tensors are cast to it; None leaves them."""
    in_pairs: bool = False
    """Whether each is (inputs, targets)."""
    digests: tuple[bytes, ...] = ()
    """Of each batch, where they are streamed: a count belongs to its batch."""
    greatest: tuple[int, ...] = ()
    """Numbers of the batch with the most entries and of that with the longest dimension."""

    def __len__(self) -> int:
        return len(self.counts)

    def blocks(self) -> Iterator[Batch]:
        """Yield the batches, on the device.

        Raises:
            ObjectiveError: they have been written to, or there are more or fewer than in the first pass.
        """
        for _, batch in self.shared():
            yield batch

    def shared(self) -> Iterator[tuple[float, Batch]]:
        """Yield each batch with its share of the whole, its count over the sum of all; raises as `blocks`."""
        total, number = math.fsum(self.counts), 0
        for number, batch in enumerate(self._read(), start=1):
            if number > len(self):
                break
            batch.refuse_changed()
            yield self.counts[number - 1] / total, batch
        if number != len(self):
            raise ObjectiveError(f"expected {len(self)} batches in every pass over the data; a later one had others")

    @cached_property
    def first(self) -> Batch:
        """The first batch."""
        return next(self._read())

    @cached_property
    def probes(self) -> tuple[Batch, ...]:
        """The first batch, the one with the most entries and the one with the longest dimension, each once: what a
        model does with one of them it may not do with another."""
        wanted = {0, *self.greatest}
        return tuple(batch for batch in islice(self._read(), max(wanted) + 1) if batch.number in wanted)

    @property
    def tensors(self) -> list[Tensor]:
        """What stays in memory."""
        return [tensor for batch in self.kept for tensor in batch.tensors]

    @property
    def streamed(self) -> bool:
        """Whether they are read again for every pass."""
        return self.source is not None

    def in_blocks(self, size: int) -> "Batches":
        """Return itself: the source decides how large its batches are."""
        return self

    def to(self, device: torch.device | str | None, dtype: torch.dtype | None) -> "Batches":
        """Return the batches on another device or in another dtype, as copies."""
        kept = tuple(batch.to(device, dtype) for batch in self.kept)
        return replace(self, kept=kept, device=torch.device(device or self.device), dtype=dtype or self.dtype)

    def describe(self) -> dict[str, Any]:
        """Return how many batches, what they count, and a hash; JSON-ready."""
        described = {"batches": len(self), "count": math.fsum(self.counts), "sha256": self.sha256}
        return described | ({"streamed": True} if self.streamed else {})

    def _read(self) -> Iterator[Batch]:
        if self.source is None:
            yield from self.kept
            return
        for number, content in enumerate(self.source):
            if number < len(self) and digest_of(content) != self.digests[number]:
                raise ObjectiveError(
                    "expected the same batches in the same order in every pass over the data; batch "
                    f"{number} is another one now: turn shuffling, random augmentation and random masking off"
                )
            yield Batch(content, number, self.in_pairs).to(self.device, self.dtype)


def read_batches(data: Iterable[Any], count: Count | None, device: torch.device, *, in_pairs: bool = False) -> Batches:
    """Read batches once; keep them, each as it is, on `device` if they fit into half of what is free there, else read
    them again for every pass.

    Args:
        data: an iterable that can be gone through again, such as a `DataLoader` or a list.
        count: batch -> over how much its mean is taken; None takes the leading size that all its tensors have.
        device: of the model.
        in_pairs: whether each is (inputs, targets).

    Raises:
        ObjectiveError: no such iterable, or none in it; a count that is no positive number; other batches in a second
            pass, where they are streamed.
    """
    _refuse_no_batches(data)
    kept: list[Batch] | None = []
    counts, digests, sizes = [], [], []
    taken, most = 0, room(device)
    for number, content in enumerate(data):
        batch = Batch(content, number, in_pairs)
        counts.append(count_of(batch, count))
        digests.append(digest_of(content))
        sizes.append(batch.extent)
        taken += sum(tensor.nbytes for tensor in batch.tensors)
        kept = kept if kept is not None and taken <= most else None
        if kept is not None:
            kept.append(batch.to(device, None).owned())
    if not counts:
        raise ObjectiveError("expected at least one batch of data; the iterable was empty")
    if in_pairs:
        refuse_nothing(math.fsum(counts))
    if kept is None and [digest_of(content) for content in data] != digests:
        raise ObjectiveError(
            "expected the same batches in the same order in every pass over the data; two passes differed: turn "
            "shuffling, random augmentation and random masking off"
        )
    source = data if kept is None else None
    known = tuple(digests) if kept is None else ()
    greatest = tuple(max(range(len(sizes)), key=lambda number: sizes[number][which]) for which in (0, 1))
    sha256 = combined(digests)
    return Batches(tuple(kept or ()), source, tuple(counts), sha256, device, None, in_pairs, known, greatest)


def count_of(batch: Batch, count: Count | None) -> float:
    """Return over how much a batch's mean is taken; NaN where nothing tells.

    Raises:
        ObjectiveError: naming the batch, where that is no positive number.
    """
    if count is None:
        return float(batch.size or math.nan)
    if not callable(count):
        raise ObjectiveError(
            f"expected count=, a function of a batch; got {count!r}: for the same in every batch count=lambda batch: 1"
        )
    where = f"of batch {batch.number} ({outline(batch.content)})"
    try:
        trial = batch.cloned()
        told = count(trial.copy())
    except Exception as error:
        raise ObjectiveError(
            f"expected count to take every batch; {where} it raised {type(error).__name__}: {error}"
        ) from error
    trial.refuse_changed()
    try:
        number = float(told)
    except (TypeError, ValueError, RuntimeError):
        came = f"a tensor {list(told.shape)}: sum it" if isinstance(told, Tensor) else type(told).__name__
        raise ObjectiveError(f"expected count(batch) to be one number; {where} it is {came}") from None
    # Of a pair, the targets tell: those of a batch may all be ignored.
    if not (math.isfinite(number) and (number > 0 or (batch.is_pair and number == 0))):
        raise ObjectiveError(
            f"expected count(batch) above 0, over how much the batch's mean is taken; of batch {batch.number} "
            f"({outline(batch.content)}) it is {number:g}: leave such batches out, or count something else"
        )
    return number


def _refuse_no_batches(data: Any) -> None:
    if isinstance(data, Dataset):
        raise ObjectiveError(
            f"expected batches; got {type(data).__name__}, which yields single samples: give DataLoader(dataset, "
            "batch_size=...)"
        )
    if is_no_batches(data):
        raise ObjectiveError(
            f"expected an iterable of batches; got {outline(data)}, which looks like one batch: give data=[batch]"
        )
    if iter(data) is data:
        raise ObjectiveError(
            f"expected batches that can be read again, such as a DataLoader or a list; got {type(data).__name__}, "
            "which can be read once only: give list(...) of it"
        )


def _alias(tensor: Tensor) -> Tensor:
    return tensor if tensor.requires_grad else tensor.detach()


def _is_there(tensor: Tensor, device: torch.device | str | None, dtype: torch.dtype | None) -> bool:
    right = dtype is None or not tensor.is_floating_point() or tensor.dtype == dtype
    return right and (device is None or tensor.device == torch.device(device)) and tensor.is_leaf


def _moved(tensor: Tensor, device: torch.device | str | None, dtype: torch.dtype | None, stays: bool) -> Tensor:
    if _is_there(tensor, device, dtype):
        return tensor
    there = tensor.detach().to(device=None if stays else device, dtype=dtype if tensor.is_floating_point() else None)
    return there.requires_grad_(tensor.requires_grad)
