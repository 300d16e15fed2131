"""To the grid: what the chunks of a store hold -> the Dataset on the grid."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from explorer.landscape import Status, as_dataset
from explorer.store.chunks import Chunk
from explorer.store.layout import empty_of
from explorer.store.schema import Anatomy

Array = NDArray[Any]

_RANK = np.zeros(len(Status), dtype=np.int8)
_RANK[[Status.NOT_COMPUTED, Status.FAILED, Status.INTERPOLATED, Status.EVALUATED]] = range(4)
"""Status -> which of two chunks is right about a point; of equals the later one."""


class Standing:
    """What is known of every point: its status [N], and the words of the chunks that say why points failed."""

    def __init__(self, points: int) -> None:
        self.status = np.full(points, Status.NOT_COMPUTED, dtype=np.int8)
        self._reasons: dict[int, str] = {}
        self._failed_in = np.zeros(0, dtype=np.int32)

    def take(self, chunk: Chunk) -> NDArray[np.bool_]:
        """Take in a chunk; return for which of its points [n] it is right."""
        at = chunk.positions
        right: NDArray[np.bool_] = _RANK[chunk.status] >= _RANK[self.status[at]]
        self.status[at[right]] = chunk.status[right]
        if chunk.reason is not None:
            self._reasons[chunk.number] = chunk.reason
            if not len(self._failed_in):
                self._failed_in = np.zeros(len(self.status), dtype=np.int32)
            self._failed_in[at[right & (chunk.status == Status.FAILED)]] = chunk.number
        return right

    @property
    def settled(self) -> int:
        """The number of points that are computed or failed."""
        return int(np.count_nonzero(self.status))

    @property
    def failures(self) -> dict[int, str]:
        """Chunk -> why, of those some of whose points have failed and were not computed by another."""
        if not self._reasons:
            return {}
        numbers = np.unique(self._failed_in[self.status == Status.FAILED]).tolist()
        return {number: self._reasons[number] for number in numbers}


def scattered(anatomy: Anatomy, axes: Sequence[Array], chunks: Iterable[Chunk]) -> tuple[xr.Dataset, dict[int, str]]:
    """Return the landscape of the chunks, and why points of it failed.

    A point that is not computed, or failed, is NaN (0 in a field of integers), with its status.

    Args:
        anatomy: of the store.
        axes: points of each.
        chunks: whole, by rising numbers.
    """
    standing = Standing(anatomy.points)
    fields = {
        name: np.full((anatomy.points, *spec.shape), empty_of(spec.dtype), dtype=spec.dtype)
        for name, spec in anatomy.fields.items()
    }
    for chunk in chunks:
        right = standing.take(chunk) & (chunk.status != Status.FAILED)
        for name, values in chunk.fields.items():
            fields[name][chunk.positions[right]] = values[right]
    dims = dict(zip(anatomy.axes, axes, strict=True))
    extra = {name: spec.extra for name, spec in anatomy.fields.items()}
    return as_dataset(dims, extra, fields, standing.status, {}), standing.failures


def runs(wanted: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return (first, one after the last) of each run of true entries."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], wanted, [False]]).astype(np.int8)))
    return [(int(first), int(after)) for first, after in edges.reshape(-1, 2)]
