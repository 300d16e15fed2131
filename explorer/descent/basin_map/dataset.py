"""What became of every start -> the Dataset of a basin map."""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from torch import Tensor

from explorer.descent.basin_map.reached_minima import NONE, Minima
from explorer.descent.basin_map.starts import RATE, Starts
from explorer.landscape import Status, count_nonfinite
from explorer.sweeps.dataset import as_array
from explorer.sweeps.job import Indices
from explorer.sweeps.provenance import Attributes, attributes

_SWEEPS_OWN = ("quantities",)


@dataclass(frozen=True, eq=False)
class Piece:
    """Some starts that are done."""

    positions: Indices
    fields: dict[str, Tensor]
    """Name -> [n, ...] at these flat positions."""


class Outcomes:
    """Fields [N, ...] at the flat positions of the starts, and which are there."""

    def __init__(self, starts: Starts) -> None:
        size, directions = starts.size, len(starts.job.grid.labels)
        floats = as_array(torch.empty(0, dtype=starts.job.objective.dtype)).dtype
        self.starts = starts
        self.fields: dict[str, NDArray[Any]] = {
            "final_loss": np.full(size, np.nan, floats),
            "final": np.full((size, directions), np.nan, floats),
            "offset": np.full(size, np.nan, floats),
            "steps_to_tolerance": np.full(size, -1, np.int64),
            "diverged": np.zeros(size, bool),
            "minimum": np.full(size, NONE, np.int64),
        }
        self.status = np.full(size, Status.NOT_COMPUTED, np.int8)

    @property
    def done(self) -> int:
        """How many starts are done."""
        return int(np.count_nonzero(self.status))

    def take(self, piece: Piece) -> None:
        """Take in what was found of some starts."""
        for name, field in piece.fields.items():
            self.fields[name][piece.positions] = as_array(field)
        self.status[piece.positions] = Status.EVALUATED

    def dataset(self, minima: Minima, how: Attributes) -> xr.Dataset:
        """Return the Dataset, with how it was made."""
        starts = self.starts
        fields = self.fields | {"status": self.status}
        dims = starts.dims
        shape = tuple(len(values) for values in dims.values())
        variables = {name: (tuple(dims), field.reshape(shape)) for name, field in fields.items() if name != "final"}
        variables["final"] = ((*dims, "direction"), fields["final"].reshape(*shape, -1))
        told = json.dumps([{"theta": each.theta.tolist(), "loss": each.loss} for each in minima.points])
        coords = {**dims, "direction": list(starts.job.grid.labels)}
        return xr.Dataset(variables, coords, {**_provenance(starts), **how, "minima": told, **self._counts()})

    def _counts(self) -> Attributes:
        return {
            "nonfinite": count_nonfinite({"final_loss": self.fields["final_loss"][self.status == Status.EVALUATED]})
        }


def _provenance(starts: Starts) -> Attributes:
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
