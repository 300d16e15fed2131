"""Fields [N, ...] in grid order -> the Dataset of a landscape."""

from collections.abc import Mapping

import numpy as np
import xarray as xr
from torch import Tensor

from explorer.grid import Grid
from explorer.sweeps.provenance import count_nonfinite

_EXTRA = {"terms": ("term",), "gradient": ("direction",), "curvature": ("direction", "direction_2")}
"""The dimensions of a quantity beside those of the grid."""

COMPUTED = 1
"""Status of an evaluated point; 0 is one not computed."""


def landscape(
    grid: Grid, fields: Mapping[str, Tensor], terms: tuple[str, ...], attrs: Mapping[str, str | int | float]
) -> xr.Dataset:
    """Return the Dataset: dimensions in label order, coordinates of axes, directions and terms, `status`, attributes.

    Args:
        grid: which the fields were measured on.
        fields: name -> [N, ...] in C order of the grid.
        terms: names along the dimension `term`.
        attrs: provenance; the count of entries that are not finite is added.
    """
    arrays = {name: field.reshape(grid.shape + field.shape[1:]).cpu().numpy() for name, field in fields.items()}
    variables = {name: (grid.labels + _EXTRA.get(name, ()), array) for name, array in arrays.items()}
    variables["status"] = (grid.labels, np.full(grid.shape, COMPUTED, dtype=np.int8))
    used = {dim for dims, _ in variables.values() for dim in dims}
    names = {"direction": list(grid.labels), "direction_2": list(grid.labels), "term": list(terms)}
    coords = {**grid.values, **{dim: values for dim, values in names.items() if dim in used}}
    return xr.Dataset(variables, coords, {**attrs, "nonfinite": count_nonfinite(arrays)})
