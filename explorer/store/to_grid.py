"""Scatter: what the done chunks hold -> the Dataset on the grid."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from explorer.errors import StoreError
from explorer.landscape import Status, as_dataset
from explorer.store.absent import is_nothing
from explorer.store.flags import Holes
from explorer.store.schema import STATUS, Anatomy

Array = NDArray[Any]
Read = Callable[[str, int, int], Array]
"""(field, first chunk, chunk after the last) -> its entries at the points of these chunks, in visiting order."""


def scattered(
    anatomy: Anatomy,
    axes: Sequence[Array],
    index: NDArray[np.int64],
    flags: NDArray[np.uint8],
    holes: Mapping[int, Holes],
    read: Read,
    parts: Sequence[int] = (),
) -> tuple[xr.Dataset, list[int]]:
    """Return the landscape of the chunks whose flag is 1, and those of them that are damaged; and of those whose flag
    is 2 what is there beside the holes. Where points have a status of their own, that is theirs.

    A point that is not computed, failed or damaged is NaN (0 in a field of integers), with its status.

    Args:
        anatomy: of the store.
        axes: points of each.
        index: flat position [N] of each point, in visiting order.
        flags: of every chunk: 0 not computed, 1 done, 2 failed.
        holes: failed chunk -> its points that could not be computed; empty for all of them.
        read: raises StoreError where a chunk is damaged.
        parts: chunks whose flag is 0, but that hold some of their points, which have a status of their own.
    """
    flags = flags.copy()
    if STATUS in anatomy.fields:
        flags[list(parts)] = 1
    fields = {name: _room(anatomy, name) for name in anatomy.fields if name != STATUS}
    status = np.full(anatomy.points, Status.NOT_COMPUTED, dtype=np.int8)
    damaged: list[int] = []
    for first, after in runs(flags == 1):
        damaged += _fill(anatomy, fields, status, index, (first, after), read)
    for chunk in np.flatnonzero(flags == 2).tolist():
        lost = holes.get(chunk)
        if not lost or _fill(anatomy, fields, status, index, (chunk, chunk + 1), read):
            lost = [(0, anatomy.chunk)]
        for first, after in lost:
            _empty(anatomy, fields, status, _points(anatomy, index, chunk, chunk + 1)[first:after])
    dims = dict(zip(anatomy.axes, axes, strict=True))
    extra = {name: spec.extra for name, spec in anatomy.fields.items()}
    return as_dataset(dims, extra, fields, status, {}), damaged


def _fill(
    anatomy: Anatomy, fields: Mapping[str, Array], status: Array, index: Array, run: tuple[int, int], read: Read
) -> list[int]:
    """Read a run of chunks in one go, or one by one if any of them is damaged; return the damaged ones."""
    first, after = run
    try:
        found = {name: read(name, first, after) for name in anatomy.fields}
    except StoreError:
        if after == first + 1:
            return [first]
        one_by_one = ((chunk, chunk + 1) for chunk in range(first, after))
        return [bad for one in one_by_one for bad in _fill(anatomy, fields, status, index, one, read)]
    at = _points(anatomy, index, first, after)
    of_points = _status(found, len(at))
    there = np.isin(of_points, (Status.EVALUATED, Status.INTERPOLATED))
    for name, values in found.items():
        fields[name][at[there]] = values[there]
    status[at] = of_points
    return []


def _status(found: dict[str, Array], points: int) -> Array:
    """Take the status of points out of what was found; without one they are evaluated."""
    status = found.pop(STATUS, None)
    if status is None:
        return np.full(points, Status.EVALUATED, dtype=np.int8)
    # A chunk may be read while it is written again, and two writers at once may leave the fields of one beside the
    # status of the other.
    absent = np.stack([is_nothing(values).reshape(points, -1).all(axis=1) for values in found.values()])
    known = ((status == Status.EVALUATED) & ~absent.any(axis=0)) | (
        (status == Status.INTERPOLATED) & ~absent.all(axis=0)
    )
    return np.where(known | (status == Status.FAILED), status, Status.NOT_COMPUTED).astype(np.int8)


def _empty(anatomy: Anatomy, fields: Mapping[str, Array], status: Array, at: Array) -> None:
    for name, field in fields.items():
        field[at] = _nothing(anatomy, name)
    status[at] = Status.FAILED


def runs(wanted: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return (first, one after the last) of each run of true entries."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], wanted, [False]]).astype(np.int8)))
    return [(int(first), int(after)) for first, after in edges.reshape(-1, 2)]


def _points(anatomy: Anatomy, index: Array, first: int, after: int) -> Array:
    return index[first * anatomy.chunk : after * anatomy.chunk]


def _room(anatomy: Anatomy, name: str) -> Array:
    spec = anatomy.fields[name]
    return np.full((anatomy.points, *spec.shape), _nothing(anatomy, name), dtype=spec.dtype)


def _nothing(anatomy: Anatomy, name: str) -> float:
    return np.nan if anatomy.fields[name].dtype.startswith("float") else 0
