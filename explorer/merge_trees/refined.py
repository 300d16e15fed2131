"""Refined: minima and passes of the grid as the objective has them, between its points."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
import xarray as xr

from explorer.directions import axes, gaussian
from explorer.landscape import DIRECTION, LOSS, agreed, as_number, basis_of, nested, parsed
from explorer.merge_trees.polish import FLAT, MINIMUM, Floats, Settled, Surface, to_minimum, to_pass
from explorer.objective import Objective
from explorer.plane import Plane

_MOST = 32
"""Minima, and pairs, that are polished, the most persistent ones; all that are certified in any case."""
_CLOSE = 2.0
"""Steps of the grid that a pass may lie beside its point: those of false pairs lie far away, or are none."""
_SAME = 1e-2
"""Steps of the grid within which two minima are one."""
_OTHER = 1e-3
"""Share of the range by which the objective may differ from the landscape: of short dtypes, not of another model."""


def polished(tree: xr.Dataset, landscape: xr.Dataset, objective: Objective, plane: Plane | None) -> xr.Dataset:
    """Return the topology with what Newton's method makes of its minima and passes.

    Raises:
        ValueError: it is not of the loss, the plane cannot be told, or the objective is another one.
    """
    if tree.attrs["quantity"] != LOSS:
        raise ValueError(f"expected the loss to refine; got {tree.attrs['quantity']!r}: leave refine out")
    plane = plane_of(landscape, objective) if plane is None else plane
    places = [np.asarray(landscape[str(axis)].values, np.float64) for axis in tree[DIRECTION].values]
    if len(plane.basis) != len(places):
        raise ValueError(f"expected a plane with {len(places)} directions; got {len(plane.basis)}")
    surface = Surface(objective, plane, np.array([_step(each) for each in places]))
    _refuse_other(surface, tree, landscape)
    low, high = (np.array([of(each) for each in places]) for of in (np.min, np.max))

    def inside(at: Floats) -> bool:
        return bool(((low <= at) & (at <= high)).all())

    minima = {i: to_minimum(surface, tree.minimum_at.values[i], inside) for i in _chosen(tree)}
    passes = {i: to_pass(surface, tree.pass_at.values[i]) for i in _chosen_pairs(tree)}
    return _told(tree, surface.steps, minima, passes)


def plane_of(landscape: xr.Dataset, objective: Objective) -> Plane:
    """Return the plane of a landscape: as it is written out for few parameters, or made again from how it was.

    Raises:
        ValueError: it is neither.
    """
    described = agreed(parsed(landscape.attrs.get("basis")), dict[str, Any]) or {}
    labels, made = tuple(nested(landscape.attrs, "labels", list[str])), basis_of(landscape.attrs).made
    whole = agreed(described.get("origin"), list[float]), agreed(described.get("basis"), list[list[float]])
    if all(whole):
        origin, basis = (torch.tensor(each, dtype=torch.float64) for each in whole)
        return Plane(origin, basis, labels).to(device=objective.device, dtype=objective.dtype)
    if made.get("kind") == "axes":
        return axes(objective, *labels)
    if made.get("kind") == "gaussian" and as_number(made.get("seed")) is not None:
        again = gaussian(objective, len(labels), int(made["seed"]), made.get("normalize"), made.get("skip", ()))
        return Plane(again.origin, again.basis, labels)
    raise ValueError("expected a landscape that tells its plane, or how to make it again; got one of the kind "
                     f"{made.get('kind')!r}: pass plane=, the one it was swept over")  # fmt: skip


def _refuse_other(surface: Surface, tree: xr.Dataset, landscape: xr.Dataset) -> None:
    """Refuse an objective or a plane that has other values, at the lowest minimum and at the window's finite ends."""
    axes_told = [str(axis) for axis in tree[DIRECTION].values]
    values = np.asarray(landscape[LOSS].transpose(*axes_told).values, np.float64).ravel()
    finite = np.flatnonzero(np.isfinite(values))
    spread = float(np.ptp(values[finite])) or 1.0
    for at in {int(finite[np.argmin(values[finite])]), int(finite[0]), int(finite[-1])}:
        indices = np.unravel_index(at, tuple(landscape.sizes[axis] for axis in axes_told))
        coords = np.array([landscape[axis].values[i] for axis, i in zip(axes_told, indices, strict=True)], np.float64)
        here = surface.value(coords)
        if not abs(here - values[at]) <= _OTHER * max(spread, abs(values[at])):
            raise ValueError(
                f"expected the objective that the landscape is of; at {coords.tolist()} it is {here:.6g}, and the "
                f"landscape {values[at]:.6g}: pass the same one, and the plane= that it was swept over"
            )


def _chosen(tree: xr.Dataset) -> list[int]:
    """Return the minima to polish: those that never end, then the ends of the chosen pairs."""
    ended = {int(each) for each in tree.younger.values}
    rest = [i for i in range(tree.sizes["minimum"]) if i not in ended][:_MOST]
    paired = tree.isel(pair=_chosen_pairs(tree))
    return sorted({*rest, *paired.younger.values.tolist(), *paired.elder.values.tolist()})


def _chosen_pairs(tree: xr.Dataset) -> list[int]:
    return [i for i, sure in enumerate(tree.certified.values.tolist()) if sure or i < _MOST]


def _told(tree: xr.Dataset, steps: Floats, minima: Mapping[int, Settled], passes: Mapping[int, Settled]) -> xr.Dataset:
    many, pairs = tree.sizes["minimum"], tree.sizes["pair"]
    floors = {i: each.at for i, each in minima.items() if each.kind in (MINIMUM, FLAT)}
    kinds = np.array([minima[i].kind if i in minima else "" for i in range(many)], dtype="U9")
    level = {i: each.at for i, each in passes.items() if each.kind == MINIMUM}
    places = _rows(pairs, {i: at.coords for i, at in level.items()}, len(steps))
    moved = np.linalg.norm((places - tree.pass_at.values) / steps, axis=1)
    index = np.array([level[i].index if i in level else -1 for i in range(pairs)], dtype=np.int64)
    real = (index == 1) & (moved <= _CLOSE)
    values = _column(many, {i: at.value for i, at in floors.items()})
    deaths = np.where(real, _column(pairs, {i: at.value for i, at in level.items()}), np.nan)
    younger = tree.younger.values
    confirmed = real & (kinds[younger] == MINIMUM) & (deaths > values[younger])
    found = [at.coords / steps for i, at in floors.items() if minima[i].kind == MINIMUM]
    return tree.assign(
        refined_kind=("minimum", kinds),
        refined_value=("minimum", values),
        refined_at=(("minimum", DIRECTION), _rows(many, {i: at.coords for i, at in floors.items()}, len(steps))),
        gradient_norm=("minimum", _column(many, {i: at.gradient_norm for i, at in floors.items()})),
        refined_death=("pair", deaths),
        refined_pass_at=(("pair", DIRECTION), places),
        pass_gradient_norm=("pair", _column(pairs, {i: at.gradient_norm for i, at in level.items()})),
        pass_index=("pair", index),
        pass_moved=("pair", moved),
        confirmed=("pair", confirmed),
    ).assign_attrs(refined_minima=_distinct(found), confirmed_pairs=int(confirmed.sum()))


def _column(count: int, told: Mapping[int, float]) -> Floats:
    return _rows(count, {i: np.array([value]) for i, value in told.items()}, 1)[:, 0]


def _rows(count: int, told: Mapping[int, Floats], width: int) -> Floats:
    """Return rows [count, width]; NaN where nothing is told."""
    rows = np.full((count, width), np.nan)
    for i, row in told.items():
        rows[i] = row
    return rows


def _distinct(places: list[Floats]) -> int:
    """Return how many of the places [K], in steps, are not one that came before."""
    kept: list[Floats] = []
    for place in places:
        if all(np.linalg.norm(place - other) > _SAME for other in kept):
            kept.append(place)
    return len(kept)


def _step(places: Floats) -> float:
    """Return the steps of an axis, as they are on average."""
    return float(np.ptp(places)) / max(len(places) - 1, 1) or 1.0
