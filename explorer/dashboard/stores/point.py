"""Point: the numbers at one place of a slice, exact where its objective can be loaded, read off the sweep elsewhere."""

import math
from typing import Any

import numpy as np

from explorer.dashboard.stores.between_points import read_at
from explorer.dashboard.stores.objectives.kept import NotYetError, Objectives
from explorer.dashboard.stores.objectives.trust import UnloadableError
from explorer.dashboard.stores.shown import Shown
from explorer.dashboard.stores.state import State
from explorer.landscape import GRADIENT_NORM, LOSS, STATUS, Status, gram_of


def point_numbers(state: State, shown: Shown, objectives: Objectives) -> dict[str, Any]:
    """Return what is known at the state's point.

    Returns:
        "source": "torch" or "swept"; "again": whether torch's numbers may come a moment later; "values" by name;
        "gradient", "coordinates", "in_plane", "norm" (see `exact`),
        each None where it was not swept; "share" of the gradient that lies in the plane; "swept": the values read off
        the sweep, for comparison; "why": a sentence where the source is not torch; "apart": torch's loss against the
        swept one at a point of the grid, relatively.
    """
    axes = shown.axes
    at = (state.a, state.b)[: len(axes)]
    read = read_at(shown.landscape, axes, at)
    approximate = {name: value for name, value in read.items() if not name.startswith("d ")}
    try:
        number = shown.seeds.index(shown.seed) if shown.seed in shown.seeds else 0
        found = {"source": "torch", "why": "", "again": False, **objectives.exact(shown.opened, number, at)}
    except UnloadableError as error:
        again = isinstance(error, NotYetError)
        found = {"source": "swept", "why": str(error), "again": again, "values": approximate}
        found |= _gradient(shown, axes, read)
    norm, in_plane = found["norm"], found["in_plane"]
    share = in_plane / norm if norm and in_plane is not None else None
    apart = _apart(shown, axes, at, found["values"], approximate) if found["source"] == "torch" else None
    reply: dict[str, Any] = _plain({**found, "at": list(at), "share": share, "swept": approximate, "apart": apart})
    return reply


def _apart(
    shown: Shown, axes: tuple[str, ...], at: tuple[float, ...], exact: dict[str, float], read: dict[str, float]
) -> float | None:
    """Return how far, relatively, torch's loss is from the swept one where the point is one of the grid's own; None
    elsewhere, where the difference is that of reading between points."""
    steps = {axis: np.flatnonzero(shown.landscape[axis].values == value) for axis, value in zip(axes, at, strict=True)}
    if not all(len(step) for step in steps.values()) or not {LOSS} <= exact.keys() & read.keys():
        return None
    status = shown.landscape[STATUS].isel({axis: int(step[0]) for axis, step in steps.items()})
    size = max(abs(exact[LOSS]), abs(read[LOSS]))
    known = bool((status == Status.EVALUATED).all()) and 0 < size < math.inf
    return abs(exact[LOSS] - read[LOSS]) / size if known else None


def _gradient(shown: Shown, axes: tuple[str, ...], read: dict[str, float]) -> dict[str, Any]:
    """Return the gradient in the plane from the swept one, by the norms and cosines of the basis."""
    empty = {"gradient": None, "coordinates": None, "in_plane": None, "norm": read.get(GRADIENT_NORM)}
    along = np.array([read.get(f"d {label}", math.nan) for label in axes])
    gram = gram_of(shown.landscape.attrs, len(axes))
    if gram is None or not np.isfinite(along).all():
        return empty
    coordinates = np.linalg.solve(gram, along)
    in_plane = math.sqrt(max(0.0, float(coordinates @ along)))
    return empty | {"gradient": along.tolist(), "coordinates": coordinates.tolist(), "in_plane": in_plane}


def _plain(value: Any) -> Any:
    """Replace NaN and infinity, which JSON does not know, by their names."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
