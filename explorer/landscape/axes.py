"""Axes: which dimensions of a landscape are those of its grid, in which order; one plane of several."""

from typing import Any

import numpy as np
import xarray as xr

from explorer.landscape.attributes import nested
from explorer.landscape.status import STATUS

SEED = "seed"
"""The leading dimension of a landscape along several planes."""
TERM, DIRECTION, DIRECTION_2 = "term", "direction", "direction_2"
"""Dimensions of a quantity's own."""
BESIDE = (TERM, DIRECTION, DIRECTION_2, SEED)
"""Dimensions that are not axes of the grid."""


def axes_of(landscape: xr.Dataset, array: xr.DataArray | None = None) -> tuple[str, ...]:
    """Return the labels of the axes that a landscape, or one array of it, is over: those of its status, if it has one.

    The order is the plane's own, from the attribute `labels`, so that a transposed file is still drawn the right way;
    an axis that it does not name comes before those. Where the attribute names others, the order is the Dataset's.
    """
    points = landscape[STATUS].dims if STATUS in landscape else tuple(landscape.dims)
    dims = [str(dim) for dim in (points if array is None else array.dims) if dim in points and dim not in BESIDE]
    stored = dict.fromkeys(nested(landscape.attrs, "labels", list[str]))
    return tuple([*(dim for dim in dims if dim not in stored), *stored] if stored.keys() <= {*dims} else dims)


def dims_of(landscape: xr.Dataset) -> tuple[str, ...]:
    """Return the dimensions of the points: `seed` where there are several planes, then the axes."""
    return (SEED,) * (SEED in landscape.dims) + axes_of(landscape)


def refuse_others(array: xr.DataArray, name: str, axes: tuple[str, ...]) -> None:
    """Do nothing if an array is over the axes alone.

    Raises:
        ValueError: it has other dimensions.
    """
    if set(array.dims) != set(axes):
        raise ValueError(
            f"expected a quantity over {axes}; {name!r} has dimensions {array.dims}: select the others first, "
            "for example landscape.isel(direction=0)"
        )


def seeds_of(landscape: xr.Dataset) -> list[Any]:
    """Return the seeds of the planes; none of a landscape along one plane."""
    return np.atleast_1d(landscape[SEED].values).tolist() if SEED in landscape.dims else []


def one_seed(landscape: xr.Dataset, seed: int | None) -> xr.Dataset:
    """Return the landscape along one plane: the one of `seed`, or the only one.

    Raises:
        ValueError: several and none chosen, or one that is not there.
    """
    if SEED not in landscape.dims:
        if seed is not None:
            raise ValueError(f"expected a landscape with several seeds for seed={seed}; got one without: leave it out")
        return landscape
    seeds = seeds_of(landscape)
    if seed is None and len(seeds) > 1:
        raise ValueError(f"expected one landscape; got {len(seeds)}, of the seeds {seeds}: choose with seed={seeds[0]}")
    if seed is not None and seed not in seeds:
        raise ValueError(f"expected a seed among {seeds}; got {seed}")
    return one_plane(landscape, 0 if seed is None else seeds.index(seed))


def one_plane(landscape: xr.Dataset, number: int = 0) -> xr.Dataset:
    """Return the landscape along the plane of a number, of several; as it is where there is one."""
    return landscape.isel({SEED: number}, drop=True) if SEED in landscape.dims else landscape
