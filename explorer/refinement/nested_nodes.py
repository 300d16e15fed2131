"""Levels: nested nodes along each axis, coarse to fine, of any number of points."""

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]

_INTERVALS = 5
"""Between the coarsest nodes of an axis: a cubic through 6 nodes is the first whose middle is no edge."""


def axis_levels(points: int) -> list[Indices]:
    """Return the nodes of each level of an axis of so many points, ascending indices; the last level has all.

    Five intervals as equal as can be, each cut in the middle from level to level; so both ends are always nodes, and
    along 201 points there are 6, 11, 21, 41, 81, 161 and 201.
    """
    last = points - 1
    levels = [np.unique(np.arange(_INTERVALS + 1) * last // _INTERVALS)]
    while len(levels[-1]) < points:
        nodes = levels[-1]
        levels.append(np.union1d(nodes, (nodes[:-1] + nodes[1:]) // 2))
    return levels


def grid_levels(shape: tuple[int, ...]) -> list[list[Indices]]:
    """Return for each level the nodes along every axis; an axis that has all its points waits for the others."""
    axes = [axis_levels(points) for points in shape]
    count = max(len(levels) for levels in axes)
    return [[levels[min(number, len(levels) - 1)] for levels in axes] for number in range(count)]
