"""Slices: one line or plane of a landscape, with its axes in order, for formats that know no more."""

from collections.abc import Iterator

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from explorer.errors import ExplorerError
from explorer.landscape import SEED, dims_of


def one_slice(landscape: xr.Dataset, form: str) -> tuple[str, ...]:
    """Return the labels of a line or a plane.

    Raises:
        ExplorerError: there are more axes, or several seeds.
    """
    labels = dims_of(landscape)
    if len(labels) > 2 or SEED in labels:
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
