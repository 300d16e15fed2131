"""Marks: the checkpoints and the trajectories of a store where they fall in its plane."""

import math
from collections.abc import Mapping
from itertools import cycle
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.figures.projections import FAR, fading, size_of
from explorer.figures.theme import RUNS, SVG_PATTERNS, Stroke
from explorer.landscape import Projected, checkpoints_of, gram_of, runs_of

MOST_MARKS = 2000
"""Points of all trajectories together; of more, some are left out evenly."""


def checkpoints(attrs: Mapping[str, Any]) -> dict[str, Any]:
    """Return {"points", "runs", "limit"}: named checkpoints; trajectories; and the share of its size in the plane from
    which on a trajectory is far from it. All empty where the attributes hold none that can be read."""
    found = [each for each in checkpoints_of(attrs) if _drawable(each)]
    gram = gram_of(attrs, len(found[0].at)) if found else None
    if gram is None:
        return {"points": [], "runs": [], "limit": FAR}
    runs = {name: _thinned(path, len(found)) for name, path in runs_of(found).items()}
    drawn = [_run(name, path, gram, style) for style, (name, path) in zip(cycle(RUNS), runs.items(), strict=False)]
    points = [each for each in found if not each.on_path]
    return {"points": [_mark(each, i) for i, each in enumerate(points[:MOST_MARKS])], "runs": drawn, "limit": FAR}


def _run(name: str, path: list[Projected], gram: NDArray[np.float64], style: Stroke) -> dict[str, Any]:
    """Return a trajectory: its points, how far from the plane each of its segments is in units of its size there, that
    size, and how it is drawn."""
    far = [min(share, 1e6) for share in fading(path, gram)] if len(path) > 1 else []
    return {"name": name[:60], "path": [_mark(each, i) for i, each in enumerate(path)], "far": far,
            "size": size_of(path, gram), "color": style.color, "dash": SVG_PATTERNS[style.pattern]}  # fmt: skip


def _thinned(path: list[Projected], of: int) -> list[Projected]:
    """Return a path's share of the points that are drawn, with both ends."""
    most = max(2, MOST_MARKS * len(path) // max(of, 1))
    if of <= MOST_MARKS:
        return path
    return [path[i] for i in np.unique(np.linspace(0, len(path) - 1, min(len(path), most)).round().astype(int))]


def _drawable(each: Projected) -> bool:
    return all(map(math.isfinite, (*each.at, each.offset)))


def _mark(each: Projected, number: int) -> dict[str, Any]:
    return {"name": each.name[:60], "at": list(each.at), "offset": each.offset, "loss": _finite(each.loss),
            "plane_loss": _finite(each.plane_loss), "step": number if each.step is None else each.step,
            "statistics": each.statistics}  # fmt: skip


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
