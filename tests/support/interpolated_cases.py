"""Landscapes with interpolated points, made by hand from whole ones: every so many points stay, the rest is linear."""

from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from scipy.interpolate import RegularGridInterpolator

from explorer.grid import Grid
from explorer.store import Store
from tests.support.slice_cases import make_store

TOLD = {"tolerance": 0.01, "tolerance_miss": 0.004, "tolerance_checked": 32, "tolerance_scale": "log L"}


def interpolated(landscape: xr.Dataset, every: int = 4, **attrs: Any) -> xr.Dataset:
    """Return a landscape that is evaluated at every so many points along each axis, and at its ends, alone.

    Elsewhere its loss is linear between those points and everything else NaN, with status 2.
    """
    axes = tuple(str(name) for name in landscape["status"].dims if name != "seed")
    kept = [_kept(landscape.sizes[axis], every) for axis in axes]
    evaluated = np.zeros([landscape.sizes[axis] for axis in axes], bool)
    evaluated[np.ix_(*kept)] = True
    there = xr.DataArray(evaluated, dims=axes)
    found = landscape.copy(deep=True)
    for name, array in landscape.data_vars.items():
        if name not in ("loss", "status"):
            found[name] = array.astype(float).where(there).transpose(*array.dims)
    found["status"] = landscape["status"].where(there, 2).astype(np.int8).transpose(*landscape["status"].dims)
    found["loss"] = _linear(landscape["loss"], axes, kept)
    told = {**TOLD, "evaluated_points": int((found["status"] == 1).sum()), **attrs}
    return found.assign_attrs({name: value for name, value in told.items() if value is not None})


def bowl(points: tuple[int, ...] = (33, 17), planes: int = 0) -> xr.Dataset:
    """Return L = 1 + a^2 + 2 b^2 (or 1 + a^2), with an accuracy 1 / L and a gradient norm, on a grid around 0."""
    grid = Grid({label: (-2.0, 3.0, n) for label, n in zip(("a", "b"), points, strict=False)})
    a, b = (*grid.coords.T, np.zeros(grid.size))[:2]
    loss = (1 + a**2 + 2 * b**2).reshape(points)
    fields = {"loss": loss, "accuracy": 1 / loss, "gradient_norm": np.hypot(2 * a, 4 * b).reshape(points)}
    dims, coords = tuple(grid.values), dict(grid.values)
    if planes:
        fields = {name: np.stack([(1 + seed) * values for seed in range(planes)]) for name, values in fields.items()}
        dims, coords = ("seed", *dims), {"seed": np.arange(planes), **coords}
    status = np.ones(fields["loss"].shape, np.int8)
    return xr.Dataset({name: (dims, values) for name, values in {**fields, "status": status}.items()}, coords)


def _kept(points: int, every: int) -> list[int]:
    return sorted({*range(0, points, every), points - 1})


def _linear(loss: xr.DataArray, axes: tuple[str, ...], kept: list[list[int]]) -> xr.DataArray:
    """Return the loss linear between the points that are kept: exact at them."""
    last = loss.transpose(..., *axes)
    rows = last.values.reshape(-1, *(loss.sizes[axis] for axis in axes))
    everywhere = np.stack(np.meshgrid(*(np.arange(loss.sizes[axis]) for axis in axes), indexing="ij"), axis=-1)
    made = [RegularGridInterpolator(kept, row[np.ix_(*kept)])(everywhere) for row in rows]
    return last.copy(data=np.reshape(made, last.shape)).transpose(*loss.dims)


def interpolated_store(root: Path, name: str, *, every: int = 4, **made: Any) -> Store:
    """Write a store of `slice_cases` that is evaluated at every so many points along each axis, and at its ends."""
    return make_store(root, name, change=lambda found: interpolated(found, every), **made)
