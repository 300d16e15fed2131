"""The slow twin of a flood: all components at every height, one height after another."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import generate_binary_structure, label


def components(field: NDArray[np.floating], height: float, *, below: bool = False) -> NDArray[np.int64]:
    """Return the component 1, 2, ... of each point that is at most (or below) a height, 3^K - 1 neighbours; else 0."""
    with np.errstate(invalid="ignore"):
        wet = np.isfinite(field) & ((field < height) if below else (field <= height))
    return np.asarray(label(wet, generate_binary_structure(field.ndim, field.ndim))[0], dtype=np.int64)


def brute_pairs(field: NDArray[np.floating]) -> list[tuple[float, float]]:
    """Return (birth, death) of all components that end, sorted: at every height each component is that of the lowest
    of those it is made of, and the others end there."""
    found, heights = [], np.unique(field[np.isfinite(field)])
    for height in heights:
        before, after = components(field, height, below=True), components(field, height)
        for name in range(1, after.max() + 1):
            parts = [part for part in np.unique(before[after == name]) if part]
            births = sorted(float(field[before == part].min()) for part in parts)
            found += [(birth, float(height)) for birth in births[1:]]
    return sorted(found)


def brute_count(field: NDArray[np.floating]) -> int:
    """Return how many components the whole field has: those that never end."""
    return int(components(field, math.inf).max())
