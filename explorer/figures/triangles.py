"""Scattered: values at some points of a grid, read at all of them, linear in the triangles that they span."""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt
from scipy.spatial import Delaunay, QhullError


def nearest(there: NDArray[np.bool_]) -> tuple[NDArray[Any], ...]:
    """Return, for each point of a grid, the indices of the nearest one that is there, counted in grid steps."""
    return tuple(distance_transform_edt(~there, return_distances=False, return_indices=True))


def spread_of(there: NDArray[np.bool_]) -> "Spread":
    """Return the spread of such points; triangles of 20,000 take 0.4 s, so that those last asked for are kept."""
    return _kept(there.shape, np.packbits(there).tobytes())


@lru_cache(maxsize=2)
def _kept(shape: tuple[int, ...], packed: bytes) -> "Spread":
    bits = np.unpackbits(np.frombuffer(packed, np.uint8), count=int(np.prod(shape)))
    return Spread(bits.astype(bool).reshape(shape))


class Spread:
    """How values at some points make values at all points of a grid.

    Args:
        there: over a line or a plane, which points have a value; at least one.
    """

    def __init__(self, there: NDArray[np.bool_]) -> None:
        self.there = there
        self._nearest = nearest(there)
        self._known = np.argwhere(there)
        self._corners, self._weights, self._outside = self._triangles()

    def over(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return values over the grid: as they are where they are there, linear between, the nearest one's beyond.

        NaN and infinity reach as far as the triangles that they are a corner of.
        """
        if self.there.ndim == 1:
            known = self._known[:, 0]
            spread: NDArray[np.float64] = np.interp(np.arange(len(values)), known, values[known])
        else:
            at = values[self.there]
            # A corner that is infinite makes NaN with a weight of 0: the points that are there come back below.
            with np.errstate(invalid="ignore"):
                inner = np.einsum("nk,nk->n", at[self._corners], self._weights).reshape(values.shape)
            spread = np.where(self._outside, values[self._nearest], inner)
        return np.where(self.there, values, spread)

    def _triangles(self) -> tuple[NDArray[Any], NDArray[np.float64], NDArray[np.bool_]]:
        """Return for each point of a plane the corners of its triangle [N, 3], their weights [N, 3], and where there is
        no triangle."""
        shape = self.there.shape
        corners, weights = np.zeros((self.there.size, 3), np.intp), np.zeros((self.there.size, 3))
        nowhere = np.ones(shape, bool)
        if self.there.ndim != 2:
            return corners, weights, nowhere
        try:
            triangles = Delaunay(self._known)
        except QhullError:
            # Fewer than three points, or all on one line: they span none.
            return corners, weights, nowhere
        places = np.indices(shape).reshape(2, -1).T.astype(np.float64)
        found = triangles.find_simplex(places)
        transform = triangles.transform[found]
        first = np.einsum("nij,nj->ni", transform[:, :2], places - transform[:, 2])
        weights = np.column_stack([first, 1 - first.sum(axis=1)])
        # Of triangles without an area the transform is NaN.
        outside = (found < 0) | ~np.isfinite(weights).all(axis=1)
        weights[outside] = 0
        return triangles.simplices[found], weights, outside.reshape(shape)
