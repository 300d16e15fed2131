"""Numbers that would change in another precision."""

import numpy as np
import torch
from torch import Tensor

from explorer.checklist.budget import Pieces
from explorer.checklist.finding import Finding
from explorer.checklist.inspection import ROOM, Inspection
from explorer.errors import ObjectiveError
from explorer.numerics.text import at_most, percent
from explorer.objective import Objective

_VISIBLE = 1e-3
"""Of the picture's range: what a color scale can show."""
_SEEN = 5e-3
"""Of the range of log L: a step of a color scale."""
_COPIES = 2 * 8
"""Bytes a parameter: the model and theta in float64."""


def check_precision(about: Inspection) -> Finding | None:
    """Compare float32 with float64 at a few points of the grid, the lowest and the highest among them; warn if a
    float32 picture differs by what can be seen. Of mixed precision, tell what was measured, and warn likewise."""
    if "mixed_precision_error" in about.landscape.attrs:
        return _mixed(about)
    places = _places(about)
    if not places:
        return None
    if _is_too_large(about):
        text = "Another precision is left out: a copy of the model would not fit into 256 MiB."
        return Finding("precision", "info", text)
    own = about.objective.dtype
    other = torch.float32 if own == torch.float64 else torch.float64
    try:
        objective = about.objective.to(dtype=other)
    except ObjectiveError as error:
        text = f"{_name(own)} could not be compared with {_name(other)}: "
        if "dtype" not in str(error):
            return Finding("precision", "info", f"{text}{error}.")
        return Finding(
            "precision",
            "info",
            f"{text}a term uses tensors of {_name(own)} that it finds by a global name, or that it makes itself; those "
            "in its closure, its defaults or its own attributes are moved along.",
        )
    return _compared(about, objective, places)


def evaluations_in_the_other(about: Inspection) -> Pieces:
    """Return what `check_precision` takes."""
    if "mixed_precision_error" in about.landscape.attrs or _is_too_large(about):
        return {}
    # To move the objective takes some evaluations of a few samples.
    return {"other precision": len(_places(about))}


def _is_too_large(about: Inspection) -> bool:
    return about.plane.origin.numel() * _COPIES > ROOM


def _mixed(about: Inspection) -> Finding:
    attrs = about.landscape.attrs
    share, points = float(attrs["mixed_precision_error"]), int(attrs["mixed_precision_checked"])
    text = (
        f"Products are in {attrs['mixed_precision']}: at {points} points the loss is off by "
        f"{percent(share, at_most)} of the range of log L or less."
    )
    values = {"share": share, "points": points}
    if share <= _SEEN:
        return Finding("precision", "ok", text, values)
    return Finding("precision", "warn", f"{text} That can be seen: leave dtype out.", values)


def _compared(about: Inspection, other: Objective, places: list[tuple[int, ...]]) -> Finding:
    own, apart = about.objective.dtype, 0.0
    for at in places:
        coords = [float(axis[i]) for axis, i in zip(about.grid.values.values(), at, strict=True)]
        with about.budget.spend("other precision"), torch.enable_grad():
            again = float(other(_theta(about, coords, other.dtype)).detach())
        apart = max(apart, abs(float(about.landscape["loss"].values[at]) - again))
    values = {"difference": apart, "range": about.range, "points": len(places)}
    where = "At 1 point" if len(places) == 1 else f"At {len(places)} points, the lowest among them,"
    text = f"{where} {_name(own)} and {_name(other.dtype)} differ by {at_most(apart)} or less"
    if not about.range > 0:
        text += "; the picture's finite values are all the same, and no color can show how much that is."
        return Finding("precision", "info", text, values)
    share = apart / about.range
    values["share"] = share
    text += f", {percent(share)} of the picture's range."
    if share <= _VISIBLE:
        return Finding("precision", "ok", text, values)
    if own == torch.float64:
        return Finding("precision", "info", f"{text} That can be seen: float32 would not do here.", values)
    return Finding("precision", "warn", f"{text} That can be seen: use dtype=torch.float64.", values)


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _places(about: Inspection) -> list[tuple[int, ...]]:
    """Return the points of the grid that are compared."""
    if "loss" not in about.landscape:
        return []
    # A value between points is right to the tolerance that was asked for, not to roundings.
    loss = np.where(about.evaluated, about.landscape["loss"].values, np.nan)
    finite = np.isfinite(loss)
    if not finite.any():
        return []
    flat = [int(np.where(finite, loss, np.inf).argmin()), int(np.where(finite, loss, -np.inf).argmax())]
    # The first, the middle and the last point; the middle one of a square grid is its center.
    flat += [0, loss.size // 2, loss.size - 1]
    places = [tuple(int(i) for i in np.unravel_index(each, loss.shape)) for each in dict.fromkeys(flat)]
    return [at for at in places if finite[at]]


def _theta(about: Inspection, coords: list[float], dtype: torch.dtype) -> Tensor:
    """Return theta [P] at coords, computed in another precision, one direction at a time."""
    theta = about.plane.origin.to(dtype)
    for at, direction in zip(coords, about.plane.basis, strict=True):
        # In place: theta is already a copy, as the dtype is another one.
        theta.add_(direction.to(dtype), alpha=at)
    return theta
