"""Dimensions: the axes of a landscape by their labels, one seed of several, one quantity among the variables."""

import json

import numpy as np
import xarray as xr

SEED = "seed"
"""The leading dimension of a landscape along several planes."""
BESIDE = frozenset({SEED, "term", "direction", "direction_2"})
"""Dimensions that are not axes of the grid."""


def labels_of(landscape: xr.Dataset, array: xr.DataArray) -> tuple[str, ...]:
    """Return the labels of the axes that a quantity of the landscape is over, in order.

    The order is the sweep's own, from its attributes, so that a transposed file is still drawn the right way.
    """
    axes = [str(name) for name in array.dims if name not in BESIDE]
    stored = json.loads(landscape.attrs.get("labels", "[]"))
    return tuple(map(str, stored)) if set(stored) == set(axes) else tuple(axes)


def one_seed(landscape: xr.Dataset, seed: int | None) -> xr.Dataset:
    """Return the landscape along one plane: the one of `seed`, or the only one.

    Raises:
        ValueError: several and none chosen, or one that is not there.
    """
    if SEED not in landscape.dims:
        if seed is not None:
            raise ValueError(f"expected a landscape with several seeds for seed={seed}; got one without: leave it out")
        return landscape
    seeds = np.atleast_1d(landscape[SEED].values).tolist()
    if seed is None and len(seeds) > 1:
        raise ValueError(f"expected one landscape; got {len(seeds)}, of the seeds {seeds}: choose with seed={seeds[0]}")
    if seed is not None and seed not in seeds:
        raise ValueError(f"expected a seed among {seeds}; got {seed}")
    return landscape.isel({SEED: 0 if seed is None else seeds.index(seed)}, drop=True)


def variable(landscape: xr.Dataset, quantity: str) -> xr.DataArray:
    """Return a variable of the landscape, or one of its terms by the term's name.

    Raises:
        ValueError: no such quantity.
    """
    if quantity in landscape.data_vars:
        return landscape[quantity]
    if "term" in landscape.coords and quantity in np.atleast_1d(landscape["term"].values):
        return landscape["terms"].sel(term=quantity)
    raise ValueError(f"expected a quantity among {[str(name) for name in landscape.data_vars]}; got {quantity!r}")


def label_dims(array: xr.DataArray, quantity: str, labels: tuple[str, ...]) -> None:
    """Refuse an array that is not over the axes alone.

    Raises:
        ValueError: it has other dimensions.
    """
    if set(array.dims) != set(labels):
        raise ValueError(
            f"expected a quantity over {labels}; {quantity!r} has dimensions {array.dims}: select the others first, "
            "for example landscape.isel(direction=0)"
        )
