"""Topology of a landscape: which of its minima are there, and over which passes one comes from one to another."""

import math

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from explorer.landscape import (
    DIRECTION,
    LOSS,
    Status,
    axes_of,
    one_seed,
    quantity_of,
    refuse_others,
    status_of,
    unmeasured,
)
from explorer.merge_trees.doubt import Doubt, doubt_of, interpolated_around
from explorer.merge_trees.flooding import Floats, Flood, Integers, box, flooded
from explorer.merge_trees.refined import polished
from explorer.objective import Objective
from explorer.plane import Plane
from explorer.signature import checked, shown

KIND = "topology"
"""Of the Dataset's attribute `kind`."""
_LEFT_OUT = ("nonfinite", "report", "quantities", "checkpoints")
"""Attributes that are of the landscape's other quantities."""


@checked
def topology(
    landscape: xr.Dataset,
    quantity: str = LOSS,
    error: float | None = None,
    refine: Objective | None = None,
    plane: Plane | None = None,
) -> xr.Dataset:
    """Return the minima of a landscape on its grid, their basins, and the passes that join them: its merge tree.

    Pairs are those of persistent homology: as water rises from below, two basins meet at a pass, and the one with the
    higher minimum ends there (birth, death). A grid shows minima that the surface does not have: by what lies between
    the points, by rounding, by interpolation. A pair is certified where its persistence, death - birth, is above twice
    the error of its pass: then the surface too has two minima with a pass between them. All others are listed too.

    Args:
        landscape: over any number of axes, along one plane. NaN and infinite values are walls; where a point is not
            computed (yet) or failed anything is possible, so that a pair that meets it first is not certified.
        quantity: a variable over the axes, or a term's name.
        error: how far a value may be off, the surface between the points included; 0 trusts the values as they are.
            By default what curvature, dtype and tolerance make of it, for each pair: K M / 8, M being the largest
            curvature in steps of the grid wherever water stands at the pass (of `curvature`, or of second differences;
            taken at the points, it is an estimate); 16 roundings; and the tolerance asked for.
        refine: the objective, where minima and passes are to be those of the surface itself: polished by Newton's
            method in the plane, in float64 to about 12 digits. All that is certified, and 32 of the others at most.
        plane: that it was swept over, for refine; not needed for up to 64 parameters, axes, or Gaussian directions.

    Returns:
        Over the axes: `basin`, the number of the minimum that a point leads down to (-1: a wall), and `downhill`, the
        flat position (C order) of the lowest point around it. Over `minimum`, in ascending order: `value`, `minimum_at`
        (in the plane's coordinates), `on_border` (of the window, or of a wall: mostly no minimum of the surface), and
        `interpolated` (a point in or around it is). Over `pair`, the most persistent first: `younger` and `elder`, the
        minima that are joined; `basin_a` and `basin_b`, the basins that meet, of either's water; `pass_at`, `birth`,
        `death`, `persistence`, `error`, `certified`. Attributes: the landscape's own, and `kind`, `quantity`,
        `certified_pairs`, `resolution_error`, `rounding_error`, `tolerance_allowed` (the largest of the pairs), and
        `highest`, the highest value.

        With refine, over `minimum`: `refined_kind` ("minimum"; "flat" where the floor is level in some direction;
        "left" the window; "unsettled"; "" not tried), `refined_at`, `refined_value`, and `gradient_norm`, the length of
        the full gradient there: a minimum of the plane is one of the objective only where that is 0. Over `pair`:
        `refined_pass_at`, `pass_index` (directions that go down; a pass has 1), `pass_moved` (in steps of the grid),
        `pass_gradient_norm`, `refined_death` (NaN where there is no such pass within two steps), and `confirmed`: it is
        there, and the younger a minimum. Attributes `refined_minima`, how many different ones, and `confirmed_pairs`.

    Raises:
        ValueError: no such quantity, one over more than the axes, several planes, a quantity that was left out where
            the loss was interpolated, no point with a value, or an error below 0; an objective
            that is not the landscape's, or a plane that cannot be told, for refine.
    """
    if error is not None and not 0 <= error < math.inf:
        raise ValueError(f"expected an error of at least 0, in units of {quantity}; got {shown(error)}")
    landscape = one_seed(landscape, None)
    axes, field, unknown = _field(landscape, quantity)
    flood = flooded(field, unknown)
    doubt = _trusted(error, flood) if error is not None else doubt_of(landscape, quantity, field, flood)
    tree = _dataset(landscape, quantity, axes, field, flood, doubt)
    return tree if refine is None else polished(tree, landscape, refine, plane)


def _field(landscape: xr.Dataset, quantity: str) -> tuple[tuple[str, ...], Floats, NDArray[np.bool_]]:
    """Return the axes, the values over them, and where none is known."""
    array = quantity_of(landscape, quantity)
    axes = axes_of(landscape, array)
    refuse_others(array, quantity, axes)
    if not axes:
        raise ValueError(f"expected a quantity over at least one axis; {quantity!r} is a single number")
    status = status_of(landscape, axes)
    if unmeasured(quantity, status) is not None:
        raise ValueError(
            f"expected a quantity with a value at every point; {quantity!r} was left out where the loss was "
            "interpolated: sweep without a tolerance"
        )
    field = np.asarray(array.transpose(*axes).values, dtype=np.float64)
    if not np.isfinite(field).any():
        raise ValueError(f"expected some finite values of {quantity!r}; got none: sweep a window where it is finite")
    return axes, field, ~np.isfinite(field) & np.isin(status, (Status.NOT_COMPUTED, Status.FAILED))


def _trusted(error: float, flood: Flood) -> Doubt:
    none = np.zeros(len(flood.passes))
    return Doubt(none, none + error, none)


def _dataset(
    landscape: xr.Dataset, quantity: str, axes: tuple[str, ...], field: Floats, flood: Flood, doubt: Doubt
) -> xr.Dataset:
    births, deaths = field.flat[flood.minima[flood.younger]], field.flat[flood.passes]
    shown_first = np.argsort(births - deaths, kind="stable")
    total = doubt.total
    certified = (deaths - births > 2 * total) & flood.sealed
    over_pairs = {
        "younger": flood.younger, "elder": flood.elder, "basin_a": flood.sides[:, 0], "basin_b": flood.sides[:, 1],
        "birth": births, "death": deaths, "persistence": deaths - births, "error": total, "certified": certified,
    }  # fmt: skip
    over_minima = {
        "value": field.flat[flood.minima],
        "on_border": _bordering(field)[flood.minima],
        "interpolated": interpolated_around(landscape, axes, flood.minima),
    }
    places = {"minimum_at": ("minimum", flood.minima), "pass_at": ("pair", flood.passes[shown_first])}
    return xr.Dataset(
        {"basin": (axes, flood.basin), "downhill": (axes, flood.downhill)}
        | {name: ("minimum", values) for name, values in over_minima.items()}
        | {name: ("pair", values[shown_first]) for name, values in over_pairs.items()}
        | {name: ((dim, DIRECTION), _places(landscape, axes, points)) for name, (dim, points) in places.items()},
        {axis: landscape[axis].values for axis in axes} | {DIRECTION: list(axes)},
        {name: value for name, value in landscape.attrs.items() if name not in _LEFT_OUT}
        | {"kind": KIND, "quantity": quantity, "certified_pairs": int(certified.sum())}
        | {"resolution_error": _largest(doubt.resolution), "rounding_error": _largest(doubt.rounding)}
        | {"tolerance_allowed": _largest(doubt.tolerance), "highest": float(field[np.isfinite(field)].max())},
    )


def _places(landscape: xr.Dataset, axes: tuple[str, ...], points: Integers) -> Floats:
    """Return the coordinates [n, K] of points at flat positions [n]."""
    indices = np.unravel_index(points, tuple(landscape.sizes[axis] for axis in axes))
    columns = [np.asarray(landscape[axis].values, np.float64)[i] for axis, i in zip(axes, indices, strict=True)]
    return np.stack(columns, axis=1)


def _bordering(field: Floats) -> NDArray[np.bool_]:
    """Return, for each flat position, whether it lies on the window's edge or beside a wall."""
    outside = np.pad(~np.isfinite(field), 1, constant_values=True)
    return np.asarray(box(outside, np.maximum)[(slice(1, -1),) * field.ndim].ravel())


def _largest(errors: Floats) -> float:
    return float(errors.max(initial=0.0))
