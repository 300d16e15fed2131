"""Slices: one line or plane of a landscape, with its axes in order, for formats that know no more."""

from collections.abc import Iterator

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from explorer.errors import ExplorerError
from explorer.exports.notes import words_in

EXTRA = ("term", "direction", "direction_2")
"""Dimensions of a quantity beside those of the grid."""


def axes_of(landscape: xr.Dataset) -> tuple[str, ...]:
    """Return the labels of the axes, in the plane's order; with those of a file that lost it, in the Dataset's."""
    dims = [str(dim) for dim in landscape.dims if dim not in EXTRA]
    stored = words_in(landscape.attrs, "labels")
    return tuple([*(dim for dim in dims if dim not in stored), *stored] if set(stored) <= set(dims) else dims)


def one_slice(landscape: xr.Dataset, form: str) -> tuple[str, ...]:
    """Return the labels of a line or a plane.

    Raises:
        ExplorerError: there are more axes, or several seeds.
    """
    labels = axes_of(landscape)
    if len(labels) > 2 or "seed" in labels:
        raise ExplorerError(
            f"expected one line or one plane for {form}; got {' x '.join(labels)}: "
            f"select one, for example landscape.isel({labels[0]}=0)"
        )
    return labels


def columns(landscape: xr.Dataset, labels: tuple[str, ...]) -> Iterator[tuple[str, NDArray[np.generic]]]:
    """Yield each quantity, a component at a time, as (name, values over the labels): gradient[alpha], terms[pde]."""
    for name, variable in landscape.data_vars.items():
        extra = [dim for dim in variable.dims if dim not in labels]
        flat = variable.transpose(*labels, *extra)
        for at in np.ndindex(*(variable.sizes[dim] for dim in extra)):
            names = (str(landscape[dim].values[i]) for dim, i in zip(extra, at, strict=True))
            yield str(name) + "".join(f"[{each}]" for each in names), flat.values[(..., *at)]
