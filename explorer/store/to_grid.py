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
from explorer.store.standing import Standing

Array = NDArray[Any]


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
