"""Flooding: the minima of a field on a grid, their basins, and over which passes the basins run together."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Integers = NDArray[np.int64]
T = TypeVar("T", bound=np.generic)


@dataclass(frozen=True, eq=False)
class Flood:
    """What rising water finds: M minima in ascending order, and the Q pairs of minima that it joins.

    Points are told by their flat positions, in C order of the field.
    """

    order: Integers
    """[N], the points that are not walls, from the lowest to the highest; equal ones in the order of the field."""
    downhill: Integers
    """[...], the lowest of each point and its neighbours; a minimum's is its own, a wall's -1."""
    basin: Integers
    """[...], the minimum 0 ... M-1 that each point leads down to; -1 of walls."""
    minima: Integers
    """[M], where they lie."""
    younger: Integers
    """[Q], the higher of the two minima whose basins run together: it ends there."""
    elder: Integers
    """[Q], the lowest minimum of what it is joined to."""
    sides: Integers
    """[Q, 2], the two basins that meet at the pass: on the way up from either."""
    passes: Integers
    """[Q], the lowest point at which they are joined, in rising order."""
    sealed: NDArray[np.bool_]
    """[Q], whether the younger's water meets no point of unknown value before the pass."""


def flooded(field: Floats, unknown: NDArray[np.bool_] | None = None) -> Flood:
    """Return minima, basins and passes of a field over any number of axes.

    A point's neighbours are the 3^K - 1 around it; NaN and infinite values are walls. The pairs are those of the
    components of the sublevel sets, the elder staying (Edelsbrunner, Letscher and Zomorodian, Topological persistence
    and simplification, Discrete Comput. Geom. 28 (2002)). Points of equal height that lie side by side, or are joined
    at their own height, are one minimum. Basins come first, by pointer doubling: water then rises over their borders
    alone.

    Args:
        field: [...], values.
        unknown: [...], the walls that are there because no value is known; they might be anything.
    """
    finite = np.isfinite(field)
    order = np.argsort(np.where(finite, field, np.inf), axis=None, kind="stable")[: np.count_nonzero(finite)]
    ranks = np.full(field.shape, len(order), dtype=np.int64)
    ranks.flat[order] = np.arange(len(order))
    lowest = box(ranks, np.minimum)
    root = _roots(lowest.flat[order])
    wells, leak = np.unique(root), _leaks(ranks, root, unknown)
    joined = _joined(*_borders(ranks, root), leak, len(order))
    real = field.flat[order[joined.passes]] > field.flat[order[joined.younger]]
    lasting = _merged(root, joined, real)
    minima = np.setdiff1d(wells, joined.younger[~real])
    number = np.zeros(len(order), dtype=np.int64)
    number[minima] = np.arange(len(minima))
    basin = np.full(field.shape, -1, dtype=np.int64)
    basin.flat[order] = number[lasting[root]]
    downhill = np.full(field.shape, -1, dtype=np.int64)
    downhill.flat[order] = order[lowest.flat[order]]
    kept = joined.only(real)
    return Flood(
        order,
        downhill,
        basin,
        order[minima],
        number[kept.younger],
        number[lasting[kept.elder]],
        number[lasting[kept.sides]],
        order[kept.passes],
        kept.sealed,
    )


def box(values: NDArray[T], of: np.ufunc) -> NDArray[T]:
    """Return the least (np.minimum) or largest (np.maximum) of each point and its neighbours: an axis at a time."""
    for axis in range(values.ndim):
        around = np.moveaxis(values, axis, 0)
        reduced = around.copy()
        of(reduced[1:], around[:-1], out=reduced[1:])
        of(reduced[:-1], around[1:], out=reduced[:-1])
        values = np.moveaxis(reduced, 0, axis)
    return values


@dataclass(frozen=True, eq=False)
class _Joined:
    """Pairs as in a `Flood`, all told by ranks."""

    younger: Integers
    elder: Integers
    sides: Integers
    passes: Integers
    sealed: NDArray[np.bool_]

    def only(self, chosen: NDArray[np.bool_]) -> "_Joined":
        return _Joined(
            self.younger[chosen], self.elder[chosen], self.sides[chosen], self.passes[chosen], self.sealed[chosen]
        )


def _roots(pointers: Integers) -> Integers:
    """Return where each of the pointers [N] leads in the end; the longest way has 2^rounds steps."""
    while not np.array_equal(further := pointers[pointers], pointers):
        pointers = further
    return pointers


def _leaks(ranks: Integers, root: Integers, unknown: NDArray[np.bool_] | None) -> Integers:
    """Return, for the well of each rank [N], the lowest rank of its basin beside an unknown point; N if none."""
    leak = np.full(len(root), len(root), dtype=np.int64)
    if unknown is not None and unknown.any():
        beside = ranks[box(unknown, np.maximum) & (ranks < len(root))]
        np.minimum.at(leak, root[beside], beside)
    return leak


def _borders(ranks: Integers, root: Integers) -> tuple[Integers, Integers]:
    """Return the pairs of wells [B, 2] whose basins touch, and the lowest rank [B] at which each do, rising."""
    walled = np.append(root, -1)
    wells, pairs, heights = walled[ranks], [], []
    for one, other in _neighbours(ranks.ndim):
        a, b = wells[one], wells[other]
        apart = (a != b) & (a >= 0) & (b >= 0)
        a, b = a[apart], b[apart]
        pairs.append(np.minimum(a, b) * len(root) + np.maximum(a, b))
        heights.append(np.maximum(ranks[one][apart], ranks[other][apart]))
    key, height = np.concatenate(pairs), np.concatenate(heights)
    rising = np.argsort(height, kind="stable")
    pair, first = np.unique(key[rising], return_index=True)
    height = height[rising][first]
    # Of those that meet at one point the lowest wells first, so that nothing is left to chance.
    rising = np.lexsort((pair, height))
    return np.stack(np.divmod(pair[rising], max(len(root), 1)), axis=1), height[rising]


def _neighbours(axes: int) -> Iterator[tuple[tuple[slice, ...], tuple[slice, ...]]]:
    """Yield the two ends of every edge, a direction at a time: half of the 3^K - 1."""
    here = {-1: slice(1, None), 0: slice(None), 1: slice(None, -1)}
    there = {step: here[-step] for step in here}
    for step in product((-1, 0, 1), repeat=axes):
        if step > (0,) * axes:
            yield tuple(here[each] for each in step), tuple(there[each] for each in step)


def _joined(pairs: Integers, heights: Integers, leak: Integers, size: int) -> _Joined:
    """Return what is joined as the water rises over the borders (Kruskal's algorithm, the elder well as the name)."""
    names, leaks, found = list(range(size)), leak.tolist(), []
    for (one, other), height in zip(pairs.tolist(), heights.tolist(), strict=True):
        elder, younger = sorted((_name(names, one), _name(names, other)))
        if elder != younger:
            found.append((younger, elder, one, other, height, leaks[younger] >= height))
            names[younger] = elder
            leaks[elder] = min(leaks[elder], leaks[younger])
    table = np.array(found, dtype=np.int64).reshape(-1, 6)
    return _Joined(table[:, 0], table[:, 1], table[:, 2:4], table[:, 4], table[:, 5].astype(bool))


def _name(names: list[int], well: int) -> int:
    """Return the eldest well that one is joined to by now, and shorten the way there."""
    while names[well] != well:
        names[well] = names[names[well]]
        well = names[well]
    return well


def _merged(root: Integers, joined: _Joined, real: NDArray[np.bool_]) -> Integers:
    """Return, for each rank [N] that is a well, the one it counts as: those joined at their own height are one."""
    names = np.arange(len(root))
    names[joined.younger[~real]] = joined.elder[~real]
    return _roots(names)
