"""Status: what is known of each point of a landscape."""

from collections.abc import Sequence
from enum import IntEnum
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

STATUS = "status"
"""The variable that holds it."""


class Status(IntEnum):
    """What is known of a point: the values of the variable `status`."""

    NOT_COMPUTED = 0
    EVALUATED = 1
    INTERPOLATED = 2
    """Its loss alone is known, from the points around it."""
    FAILED = 3


def status_of(landscape: xr.Dataset, dims: Sequence[str]) -> NDArray[Any]:
    """Return the status of every point, over these dimensions in this order; evaluated where the landscape tells none.

    A dimension that `status` does not have is one along which it is the same.

    Raises:
        ValueError: `status` has a dimension that is not among them.
    """
    sizes = {dim: landscape.sizes.get(dim, 1) for dim in dims}
    if STATUS not in landscape:
        return np.full(tuple(sizes.values()), Status.EVALUATED, np.int8)
    status = landscape[STATUS]
    others = [str(dim) for dim in status.dims if dim not in sizes]
    if others:
        raise ValueError(f"expected a status over {tuple(dims)}; got one over {others} too: select one of each first")
    whole = status.expand_dims({dim: size for dim, size in sizes.items() if dim not in status.dims})
    return np.asarray(whole.transpose(*dims).values)
