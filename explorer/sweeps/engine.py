"""The engine: an objective, a plane and a grid become a landscape."""

import time
from collections.abc import Sequence

import torch
import xarray as xr
from torch import Tensor

from explorer.grid import Grid
from explorer.objective import Objective
from explorer.plane import Plane
from explorer.quantities import Quantity, read_quantities
from explorer.sweeps.chunks import bytes_per_point, is_large, points_per_chunk
from explorer.sweeps.dataset import landscape
from explorer.sweeps.progress import announced
from explorer.sweeps.provenance import attributes
from explorer.sweeps.strategies import Fields, Measure, choose


def sweep(
    objective: Objective,
    plane: Plane,
    grid: Grid,
    *,
    quantities: Sequence[Quantity] = ("loss", "gradient"),
    device: torch.device | str | None = None,
    dtype: torch.dtype | None = None,
    chunk_size: int | None = None,
    progress: bool = True,
) -> xr.Dataset:
    """Measure quantities at every point of the grid and return the landscape.

    Variables, each over the grid's labels: `loss`; `terms` (term), unweighted; `gradient` (direction), the basis times
    the gradient, so per unit of the coordinate; `gradient_norm`, of the full gradient; `curvature` (direction,
    direction_2), the basis times the Hessian times the basis; every function by its name; `status`. NaN and infinity
    are results: kept, and counted in the attribute `nonfinite`. Attributes hold the provenance, nested ones as JSON.

    Args:
        objective: theta -> scalar.
        plane: which the grid's coordinates belong to; of the objective's P and dtype.
        grid: with the plane's labels, in their order.
        quantities: built-in names, or functions theta [P] -> scalar.
        device, dtype: evaluate there and in it; the objective's own by default.
        chunk_size: points evaluated at once; by default what fits the cache. Results agree up to rounding.
        progress: show a bar on stderr if the sweep takes longer than about a second.

    Raises:
        ValueError: labels, sizes, dtypes or quantities do not fit.
    """
    began = time.perf_counter()
    wanted = read_quantities(quantities)
    if device is not None or dtype is not None:
        objective, plane = objective.to(device=device, dtype=dtype), plane.to(device=device, dtype=dtype)
    _check(objective, plane, grid, chunk_size)
    each = bytes_per_point(objective, wanted, len(plane.basis))
    strategy, measure = choose(objective, plane, wanted, loop=is_large(each))
    size = chunk_size or points_per_chunk(each)
    fields = _run(measure, plane, grid, size, progress)
    attrs = attributes(objective, plane, grid) | {"strategy": strategy.name, "chunk_size": size}
    return landscape(grid, fields, objective.term_names, attrs | {"seconds": time.perf_counter() - began})


def _run(measure: Measure, plane: Plane, grid: Grid, size: int, progress: bool) -> Fields:
    """Measure chunk by chunk in grid order; nobody sees an unfinished sweep that stays in memory."""
    coords = _coords(grid, plane)
    fields: Fields = {}
    for start in announced(range(0, grid.size, size), progress=progress):
        piece = measure(plane.at(coords[start : start + size]))
        if start == 0:
            fields = {name: _room(part, grid.size) for name, part in piece.items()}
        for name, part in piece.items():
            fields[name][start : start + size] = part
    return fields


def _coords(grid: Grid, plane: Plane) -> Tensor:
    values = [torch.from_numpy(axis).to(plane.origin) for axis in grid.values.values()]
    return torch.stack(torch.meshgrid(*values, indexing="ij"), dim=-1).reshape(-1, len(values))


def _room(part: Tensor, points: int) -> Tensor:
    return torch.empty((points, *part.shape[1:]), dtype=part.dtype)


def _check(objective: Objective, plane: Plane, grid: Grid, chunk_size: int | None) -> None:
    if grid.labels != plane.labels:
        raise ValueError(f"expected a grid with the plane's labels {plane.labels}; got {grid.labels}")
    theta = objective.theta
    if (plane.origin.shape, plane.origin.dtype, plane.origin.device) != (theta.shape, theta.dtype, theta.device):
        raise ValueError(
            f"expected a plane of the objective's {tuple(theta.shape)}, {theta.dtype} on {theta.device}; got "
            f"{tuple(plane.origin.shape)}, {plane.origin.dtype} on {plane.origin.device}: use plane.to(...)"
        )
    if chunk_size is not None and chunk_size < 1:
        raise ValueError(f"expected chunk_size of at least 1; got {chunk_size}")
