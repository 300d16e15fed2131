"""The Dataset of a landscape: its one builder, for memory and for stores."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from explorer.landscape.status import STATUS, Status

Extra = Mapping[str, Mapping[str, Sequence[str]]]
"""Variable -> its dimensions beside those of the points, each with its labels."""


def as_dataset(
    dims: Mapping[str, NDArray[Any]],
    extra: Extra,
    fields: Mapping[str, NDArray[Any]],
    status: NDArray[np.int8] | None,
    attrs: Mapping[str, str | int | float],
) -> xr.Dataset:
    """Return a landscape: dimensions in order, coordinates of axes and labels, `status`, attributes.

    Args:
        dims: dimension of the points -> its coordinates; N is the product of their lengths.
        extra: variable -> its further dimensions.
        fields: variable -> [N, ...] in C order of the dims.
        status: [N]; None means that all are evaluated.
        attrs: `nonfinite` is added: JSON, variable -> how many entries of evaluated points are NaN or infinite.
    """
    shape = tuple(len(values) for values in dims.values())
    # Picking all of them one by one would take as long as a fast sweep.
    evaluated = (
        fields if status is None else {name: field[status == Status.EVALUATED] for name, field in fields.items()}
    )
    if status is None:
        status = np.full(shape, Status.EVALUATED, dtype=np.int8)
    variables: dict[str, Any] = {
        name: ((*dims, *extra.get(name, ())), field.reshape(shape + field.shape[1:])) for name, field in fields.items()
    }
    variables[STATUS] = (tuple(dims), status.reshape(shape))
    labels = {dim: list(names) for name in fields for dim, names in extra.get(name, {}).items()}
    return xr.Dataset(variables, {**dims, **labels}, {**attrs, "nonfinite": count_nonfinite(evaluated)})


def count_nonfinite(fields: Mapping[str, NDArray[Any]]) -> str:
    """Return, as JSON text, how many entries of each field are NaN or infinite."""
    return json.dumps({name: int(field.size - np.count_nonzero(np.isfinite(field))) for name, field in fields.items()})
