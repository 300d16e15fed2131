"""Level: the nodes of one refinement, and what splines through the coarser ones predict there."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter

from explorer.refinement.loss_scale import LOG, PLAIN, Scale
from explorer.refinement.nested_nodes import Indices
from explorer.refinement.splines import Floats, spline, without_holes

Mask = NDArray[np.bool_]

COARSE = 2
"""Steps between the nodes of a level in one between those of the level before."""


class Level:
    """The nodes of one level, of which those of the level before have values.

    Args:
        values: losses over the grid, with something at every coarse node.
        coarse, fine: nodes along each axis of the level before and of this one.
    """

    def __init__(self, values: Floats, coarse: Sequence[Indices], fine: Sequence[Indices]) -> None:
        self.coarse, self.fine = coarse, fine
        self.where = np.ix_(*fine)
        """The nodes on the grid."""
        old = np.ix_(*(np.searchsorted(f, c) for c, f in zip(coarse, fine, strict=True)))
        self.new = np.ones(tuple(map(len, fine)), dtype=bool)
        self.new[old] = False
        known = values[np.ix_(*coarse)]
        self.holes = np.zeros(self.new.shape, dtype=bool)
        self.holes[old] = ~np.isfinite(known)
        self.predictions = _predictions(known, coarse, fine)
        """The scale on which a spline is drawn -> losses at all nodes; at the old ones they are what they were."""

    def between(self, field: Floats) -> Floats:
        """Return a field over the grid at the level's nodes, linearly between the coarse ones."""
        return spline(field[np.ix_(*self.coarse)], self.coarse, self.fine, degree=1)

    def beside(self, suspects: Indices) -> Mask:
        """Return the nodes within a coarse step of a hole, or of a suspect: a position on the grid [n, K]."""
        marks = self.holes.copy()
        marks[tuple(_nearest(nodes, along) for nodes, along in zip(self.fine, suspects.T, strict=True))] = True
        return widened(marks, COARSE)


def widened(mask: Mask, steps: int) -> Mask:
    """Return the mask with so many more nodes along every axis."""
    found: Mask = maximum_filter(mask, size=2 * steps + 1, mode="constant") if mask.any() else mask
    return found


def highest(values: Floats, steps: int) -> Floats:
    """Return the highest value, at least 0, within so many nodes along every axis."""
    found: Floats = maximum_filter(values, size=2 * steps + 1, mode="constant")
    return found


def _predictions(known: Floats, coarse: Sequence[Indices], fine: Sequence[Indices]) -> dict[Scale, Floats]:
    scales = (PLAIN, LOG) if (known[np.isfinite(known)] > 0).all() else (PLAIN,)
    return {scale: scale.back(spline(without_holes(scale.of(known)), coarse, fine)) for scale in scales}


def _nearest(nodes: Indices, places: Indices) -> Indices:
    """Return the index of the node that is nearest to each place."""
    return np.searchsorted((nodes[:-1] + nodes[1:]) / 2, places)
