"""Marks: the checkpoints and the trajectory of a store where they fall in its plane."""

import math
from collections.abc import Mapping
from typing import Any

from explorer.figures.projections import FAR, Projected, fading, gram_of, projections_of

MOST_MARKS = 2000


def checkpoints(attrs: Mapping[str, Any]) -> dict[str, Any]:
    """Return {"points", "path", "far"}: named checkpoints, the trajectory's points, and how far from the plane each of
    its segments is in units of its size there; all empty where the attributes hold none that can be read."""
    try:
        found = [each for each in projections_of(attrs)[:MOST_MARKS] if _drawable(each)]
        path = [each for each in found if each.on_path]
        far = fading(path, gram_of(attrs, len(path[0].at))) if len(path) > 1 else []
    except ValueError:
        return {"points": [], "path": [], "far": [], "limit": FAR}
    points = [each for each in found if not each.on_path]
    return {"points": [_mark(each) for each in points], "path": [_mark(each) for each in path],
            "far": [min(share, 1e6) for share in far], "limit": FAR}  # fmt: skip


def _drawable(each: Projected) -> bool:
    return all(map(math.isfinite, (*each.at, each.offset)))


def _mark(each: Projected) -> dict[str, Any]:
    return {"name": each.name[:60], "at": list(each.at), "offset": each.offset, "loss": _finite(each.loss),
            "plane_loss": _finite(each.plane_loss)}  # fmt: skip


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
