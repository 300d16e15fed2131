"""Blocks: the data of an objective, in pieces that are evaluated at once. Resident where they fit, else streamed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset

from explorer.errors import ObjectiveError
from explorer.numerics.free_memory import room
from explorer.objective.loaders.label_counts import Count, sample_count
from explorer.objective.loaders.ownership import owned
from explorer.objective.samples import (
    Batch,
    Samples,
    combined,
    is_batch,
    is_no_batches,
    refuse_nothing,
    refuse_other_shape,
    samples_of,
)


@dataclass(frozen=True, eq=False)
class Resident:
    """Data that are kept where the model is."""

    samples: Samples
    block: int
    """Samples evaluated at once."""
    count: Count = sample_count
    """targets -> over how much a mean over them is taken."""

    def __len__(self) -> int:
        return len(self.samples)

    def blocks(self) -> Iterator[Samples]:
        """Yield all samples in order, `block` at a time.

        Raises:
            ObjectiveError: they have been changed in place since they were given.
        """
        self.samples.refuse_changed()
        if self.block >= len(self):
            yield self.samples
            return
        for start in range(0, len(self), self.block):
            yield self.samples[start : start + self.block]

    def shared(self) -> Iterator[tuple[float, Samples]]:
        """Yield each block with its share of the whole; raises as `blocks`."""
        yield from zip(self._shares, self.blocks(), strict=True)

    @cached_property
    def _shares(self) -> list[float]:
        total = self.count(self.samples.targets)
        return [self.count(samples.targets) / total for samples in self.blocks()]

    @property
    def streamed(self) -> bool:
        """Whether they are read again for every pass: they are not."""
        return False

    @property
    def first(self) -> Samples:
        """The first block."""
        return self.samples[: self.block]

    @property
    def tensors(self) -> list[Tensor]:
        """What stays in memory."""
        return [self.samples.inputs, self.samples.targets]

    def in_blocks(self, size: int) -> "Resident":
        """Return the same data, `size` samples at a time."""
        return replace(self, block=max(1, min(size, len(self))))

    def to(self, device: torch.device | str | None, dtype: torch.dtype | None) -> "Resident":
        """Return the data on another device; floating tensors also in another dtype."""
        return replace(self, samples=self.samples.to(device, dtype))

    def describe(self) -> dict[str, Any]:
        """Return shapes, dtypes and hash; JSON-ready."""
        return self.samples.describe()


@dataclass(frozen=True, eq=False)
class Streamed:
    """Data too large to keep: the source is read again for every pass, a batch at a time."""

    source: Iterable[Batch]
    size: int
    """D, counted in a first pass."""
    sha256: str
    """Of the samples in any order, from that pass."""
    total: float
    """What all samples count, from that pass."""
    device: torch.device
    dtype: torch.dtype | None = None
    """Floating tensors are cast to it; None leaves them."""
    count: Count = sample_count
    """targets -> over how much a mean over them is taken."""

    def __len__(self) -> int:
        return self.size

    def shared(self) -> Iterator[tuple[float, Samples]]:
        """Yield each batch with its share of the whole; raises as `blocks`."""
        for samples in self.blocks():
            yield self.count(samples.targets) / self.total, samples

    @property
    def streamed(self) -> bool:
        """Whether they are read again for every pass: they are."""
        return True

    def blocks(self) -> Iterator[Samples]:
        """Yield the source's batches, on the device.

        Raises:
            ObjectiveError: this pass had another number of samples than the first.
        """
        seen = 0
        for batch in self.source:
            samples = samples_of(batch).to(self.device, self.dtype)
            seen += len(samples)
            yield samples
        if seen != self.size:
            raise ObjectiveError(f"expected {self.size} samples in every pass over the data; got {seen} in a later one")

    @cached_property
    def first(self) -> Samples:
        """The first batch."""
        return samples_of(next(iter(self.source))).to(self.device, self.dtype)

    @property
    def tensors(self) -> list[Tensor]:
        """What stays in memory: nothing."""
        return []

    def in_blocks(self, size: int) -> "Streamed":
        """Return itself: the source decides how large its batches are."""
        return self

    def to(self, device: torch.device | str | None, dtype: torch.dtype | None) -> "Streamed":
        """Return the data for another device or dtype."""
        return replace(self, device=torch.device(device or self.device), dtype=dtype or self.dtype)

    def describe(self) -> dict[str, Any]:
        """Return shapes, dtypes and hash; JSON-ready."""
        first = self.first
        return {
            "inputs": [self.size, *first.inputs.shape[1:]],
            "targets": [self.size, *first.targets.shape[1:]],
            "dtypes": [str(first.inputs.dtype), str(first.targets.dtype)],
            "sha256": self.sha256,
            "streamed": True,
        }


Data = Resident | Streamed


def read_data(data: Batch | Iterable[Batch], device: torch.device, count: Count = sample_count) -> Data:
    """Read (inputs, targets), or an iterable of such batches once; kept on `device` if they fit into half of what is
    free there, else streamed.

    Args:
        data: the samples.
        device: of the model.
        count: targets -> over how much the loss takes its mean.

    Raises:
        ObjectiveError: not pairs of tensors, no samples, entries that are not finite; too large and not to be read
            twice, or not the same in two passes.
    """
    if isinstance(data, Dataset):
        raise ObjectiveError(
            f"expected data = (inputs, targets), or batches of such tensors; got {type(data).__name__}, which yields "
            "single samples: give DataLoader(dataset, batch_size=...)"
        )
    if is_batch(data) or is_no_batches(data):
        return _kept(samples_of(data), count)
    batches: list[Samples] = []
    taken, most = 0, room(device)
    for batch in data:
        batches.append(samples_of(batch))
        refuse_other_shape(batches[0], batches[-1])
        taken += sum(part.nbytes for part in (batches[-1].inputs, batches[-1].targets))
        # Joining the batches needs the room once more.
        if 2 * taken > most:
            return _streamed(data, device, taken, most, count)
    if not batches:
        raise ObjectiveError("expected at least one batch of data; the iterable was empty (was it used up before?)")
    return _kept(_joined(batches).to(device, None), count)


def _kept(samples: Samples, count: Count) -> Resident:
    refuse_nothing(count(samples.targets))
    return Resident(Samples(owned(samples.inputs), owned(samples.targets)), len(samples), count)


def _joined(batches: list[Samples]) -> Samples:
    if len(batches) == 1:
        return batches[0]
    return Samples(torch.cat([each.inputs for each in batches]), torch.cat([each.targets for each in batches]))


def _streamed(data: Iterable[Any], device: torch.device, taken: int, most: int, count: Count) -> Streamed:
    if iter(data) is data:
        raise ObjectiveError(
            f"the data need more than the {most >> 20} MiB free on {device} ({taken >> 20} MiB were read), and an "
            "iterator cannot be read again: give a DataLoader, or fewer samples"
        )
    once: list[bytes] = []
    total, first = 0.0, None
    for batch in data:
        samples = samples_of(batch)
        first = first or samples
        refuse_other_shape(first, samples)
        once += samples.digests()
        total += count(samples.targets)
    again = [digest for batch in data for digest in samples_of(batch).digests()]
    if combined(once) != combined(again):
        raise ObjectiveError(
            "expected the same samples in every pass over the data; two passes differed: turn random augmentation and "
            "sampling off"
        )
    return Streamed(data, len(once), combined(once), refuse_nothing(total), device, count=count)
