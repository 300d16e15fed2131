"""Job: what a sweep measures and where: an objective, one or several planes, a grid, quantities."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explorer.grid import Grid
from explorer.numerics.dtypes import check_dtype
from explorer.objective import Objective
from explorer.plane import Plane
from explorer.quantities import Wanted

Indices = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Job:
    """All points of a sweep, each with a flat position: planes one after another, in each the grid in C order."""

    objective: Objective
    planes: tuple[Plane, ...]
    grid: Grid
    wanted: Wanted
    low: torch.dtype | None = None
    """The short type of products, in mixed precision."""

    @property
    def plane(self) -> Plane:
        """The first plane."""
        return self.planes[0]

    @property
    def points(self) -> int:
        """How many points there are on all planes."""
        return len(self.planes) * self.grid.size

    @property
    def dims(self) -> dict[str, NDArray[Any]]:
        """Dimension -> its coordinates, in order; several planes are told apart by `seed`."""
        if len(self.planes) == 1:
            return dict(self.grid.values)
        seeds = [plane.made.get("seed", number) for number, plane in enumerate(self.planes)]
        distinct = len(set(seeds)) == len(seeds)
        return {"seed": np.array(seeds if distinct else range(len(seeds)), dtype=np.int64), **self.grid.values}

    @property
    def order(self) -> Indices:
        """The flat positions [N] coarse to fine, all planes at the same pace."""
        starts = self.grid.size * np.arange(len(self.planes))
        positions: Indices = (self.grid.order[:, None] + starts).reshape(-1)
        return positions

    def by_plane(self, positions: Indices) -> Iterator[tuple[int, slice | Indices, Tensor]]:
        """Yield (plane, which of the positions lie on it, their coordinates [n, K]); a slice where all do."""
        number, first = divmod(int(positions[0]), self.grid.size)
        if first + len(positions) <= self.grid.size and are_consecutive(positions):
            # A view: picking points one by one takes longer than a small model.
            yield number, slice(None), self.coords[first : first + len(positions)]
            return
        of = positions // self.grid.size
        for number in np.unique(of):
            which = np.flatnonzero(of == number)
            yield int(number), which, self.coords[positions[which] % self.grid.size]

    @cached_property
    def coords(self) -> Tensor:
        """The grid's coordinates [N, K], in C order, in the objective's dtype and on its device."""
        axes = [torch.from_numpy(values).to(self.plane.origin) for values in self.grid.values.values()]
        return torch.cartesian_prod(*axes).view(-1, len(axes))


def read_job(
    objective: Objective,
    plane: Plane | Sequence[Plane],
    grid: Grid,
    wanted: Wanted,
    device: torch.device | str | None,
    dtype: torch.dtype | None,
) -> Job:
    """Return the job, moved to `device` and `dtype` where these are given; a short dtype means mixed precision.

    Raises:
        ValueError: labels, sizes, dtypes or the quantities' dimensions do not fit, or several planes have different
            origins.
    """
    planes = (plane,) if isinstance(plane, Plane) else tuple(plane)
    if not planes:
        raise ValueError("expected a plane, or several; got none")
    check_dtype(dtype)
    low = dtype if _is_mixed(objective, dtype) else None
    dtype = None if low is not None else dtype
    if device is not None or dtype is not None:
        objective = objective.to(device=device, dtype=dtype)
        planes = tuple(each.to(device=device, dtype=dtype) for each in planes)
    for each in planes:
        _check(objective, each, grid)
    _refuse_names_of_axes(wanted, grid)
    other = [number for number, each in enumerate(planes) if not torch.equal(each.origin, planes[0].origin)]
    if other:
        raise ValueError(
            f"expected planes through one origin, which a landscape has once; that of planes[{other[0]}] differs from "
            "that of planes[0]: sweep them one by one"
        )
    wanted.dims(objective, grid.labels)
    return Job(objective, planes, grid, wanted, low)


def are_consecutive(positions: Indices) -> bool:
    """Return whether each position follows the one before; ends are looked at first, which tells most that do not."""
    count = len(positions)
    if count and positions[-1] - positions[0] != count - 1:
        return False
    return bool((positions[1:] - positions[:-1] == 1).all())


def _is_mixed(objective: Objective, dtype: torch.dtype | None) -> bool:
    """Return whether a short type is asked for of an objective in a long one: theta itself would not survive it."""
    return dtype in (torch.bfloat16, torch.float16) and objective.dtype in (torch.float32, torch.float64)


def _refuse_names_of_axes(wanted: Wanted, grid: Grid) -> None:
    clashing = [name for name in wanted.names if name in grid.labels]
    if clashing:
        raise ValueError(f"expected quantities with other names than the axes {grid.labels}; got {', '.join(clashing)}")


def _check(objective: Objective, plane: Plane, grid: Grid) -> None:
    if grid.labels != plane.labels:
        raise ValueError(f"expected a grid with the plane's labels {plane.labels}; got {grid.labels}")
    found = (plane.origin.shape[0], plane.origin.dtype, plane.origin.device)
    wanted = (objective.layout.size, objective.dtype, objective.device)
    if found != wanted:
        raise ValueError(
            f"expected a plane of the objective's P = {wanted[0]}, {wanted[1]} on {wanted[2]}; got P = {found[0]}, "
            f"{found[1]} on {found[2]}: use plane.to(...)"
        )
