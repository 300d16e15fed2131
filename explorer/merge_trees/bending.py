"""Bending: the largest curvature of a field at each point of its grid, one step of the grid being 1."""

from itertools import combinations

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from explorer.landscape import DIRECTION, DIRECTION_2, axes_of
from explorer.landscape.quantities import CURVATURE
from explorer.merge_trees.flooding import Floats

_EVEN = 1e-6
"""Share of a step by which the steps of an axis may differ."""


def bends_told(landscape: xr.Dataset, shape: tuple[int, ...]) -> Floats | None:
    """Return the spectral norm of D C D at each point [...]: C is the quantity `curvature` of a sweep, D the steps.

    None where it was not measured, or an axis is uneven.
    """
    axes = axes_of(landscape)
    steps = [_step(np.asarray(landscape[axis].values, dtype=np.float64)) for axis in axes]
    if CURVATURE not in landscape or None in steps:
        return None
    told = landscape[CURVATURE].transpose(*axes, DIRECTION, DIRECTION_2).values.astype(np.float64)
    if told.shape != (*shape, len(axes), len(axes)):
        return None
    scale = np.array(steps)
    return _everywhere(_norms(told * np.outer(scale, scale)))


def bends(field: Floats) -> Floats:
    """Return the spectral norm of the second differences at each point [...]; where one is missing, the nearest one's.

    Infinite where there are none at all: an axis of less than three points, or holes everywhere.
    """
    axes, inner = field.ndim, tuple(max(size - 2, 0) for size in field.shape)
    second = np.empty((*inner, axes, axes))
    with np.errstate(invalid="ignore", over="ignore"):
        for axis in range(axes):
            second[..., axis, axis] = sum(_moved(field, {axis: step}) for step in (-1, 1)) - 2 * _moved(field, {})
        for one, other in combinations(range(axes), 2):
            mixed = sum(i * j * _moved(field, {one: i, other: j}) for i in (-1, 1) for j in (-1, 1)) / 4
            second[..., one, other] = second[..., other, one] = mixed
    norms = np.full(field.shape, np.nan)
    if second.size:
        norms[(slice(1, -1),) * axes] = _norms(second)
    return _everywhere(norms)


def _moved(field: Floats, steps: dict[int, int]) -> Floats:
    """Return the field's inner part, moved along some axes."""
    ends = [(1 + steps.get(axis, 0), size - 1 + steps.get(axis, 0)) for axis, size in enumerate(field.shape)]
    return field[tuple(slice(low, max(high, low)) for low, high in ends)]


def _norms(matrices: Floats) -> Floats:
    """Return the largest absolute eigenvalue of each symmetric matrix [..., K, K]; NaN where an entry is not finite."""
    whole = np.isfinite(matrices).all(axis=(-2, -1))
    norms = np.full(whole.shape, np.nan)
    held = matrices[whole]
    if matrices.shape[-1] == 2:
        # The closed form, ten times as fast.
        middle = (held[:, 0, 0] + held[:, 1, 1]) / 2
        norms[whole] = np.abs(middle) + np.hypot((held[:, 0, 0] - held[:, 1, 1]) / 2, held[:, 0, 1])
    else:
        norms[whole] = np.abs(np.linalg.eigvalsh(held)).max(axis=-1, initial=0)
    return norms


def _everywhere(norms: Floats) -> Floats:
    missing = np.isnan(norms)
    if missing.all():
        return np.full(norms.shape, np.inf)
    if not missing.any():
        return norms
    nearest = distance_transform_edt(missing, return_distances=False, return_indices=True)
    return np.asarray(norms[tuple(nearest)])


def _step(places: NDArray[np.float64]) -> float | None:
    steps = np.diff(places)
    if not len(steps) or np.ptp(steps) > _EVEN * np.abs(steps).max():
        return None
    return float(np.mean(steps))
