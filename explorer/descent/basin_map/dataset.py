"""What a basin map is like: its fields, before anything is known; and the Dataset with how it was made."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from torch import Tensor

from explorer.descent.basin_map.reached_minima import NONE, Minima
from explorer.descent.basin_map.starts import RATE, Starts
from explorer.landscape import Extra, as_dataset
from explorer.sweeps.provenance import Attributes, attributes

_SWEEPS_OWN = ("quantities",)
_COUNTED = ("final_loss",)
"""Of which entries that are not finite are counted: the others say so by themselves."""


def blank(starts: Starts) -> dict[str, Tensor]:
    """Return name -> field [N, ...] of starts of which nothing is known."""
    size, theta = starts.size, starts.job.objective.theta
    labels = torch.full((size,), NONE, dtype=torch.int64, device=theta.device)
    return {
        "final_loss": theta.new_full((size,), torch.nan),
        "final": theta.new_full((size, len(starts.job.grid.labels)), torch.nan),
        "offset": theta.new_full((size,), torch.nan),
        "steps_to_tolerance": labels.clone(),
        "diverged": torch.zeros_like(labels, dtype=torch.bool),
        "minimum": labels,
    }


def extra_dims(starts: Starts) -> Extra:
    """Return, for the fields that have some, their dimensions beside those of the starts."""
    return {"final": {"direction": list(starts.job.grid.labels)}}


def basin_dataset(
    starts: Starts, fields: Mapping[str, NDArray[Any]], status: NDArray[np.int8], minima: Minima, how: Attributes
) -> xr.Dataset:
    """Return the Dataset of fields [N, ...], with how it was made."""
    attrs = provenance(starts) | how | told(minima)
    dataset = as_dataset(starts.dims, extra_dims(starts), fields, status, attrs)
    counted = json.loads(dataset.attrs["nonfinite"])
    return dataset.assign_attrs(nonfinite=json.dumps({name: counted[name] for name in _COUNTED}))


def told(minima: Minima) -> Attributes:
    """Return the minima as an attribute."""
    return {"minima": json.dumps([{"theta": point.theta.tolist(), "loss": point.loss} for point in minima.points])}


def provenance(starts: Starts) -> Attributes:
    """Return how a map is made, as attributes."""
    landscape = {name: value for name, value in attributes(starts.job).items() if name not in _SWEEPS_OWN}
    rates = list(starts.rates)
    options = {**starts.method.options, **starts.options}
    return landscape | {
        "kind": "basins",
        "optimizer": f"{starts.method.make.__module__}.{starts.method.make.__qualname__}",
        "optimizer_title": starts.method.title,
        RATE: json.dumps(rates) if starts.many_rates else rates[0],
        "steps": starts.steps,
        "options": json.dumps(options, default=repr),
        "tolerance": starts.tolerance,
    }
