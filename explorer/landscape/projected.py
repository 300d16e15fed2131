"""Checkpoints of a landscape where they fall in its plane, and how far from it they really are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from explorer.landscape.attributes import Attrs, agreed, as_number, nested


@dataclass(frozen=True)
class Projected:
    """A theta drawn at the nearest point of the plane."""

    name: str
    at: tuple[float, ...]
    """Coordinates [K] of that point."""
    offset: float
    """Its distance from the plane, in the units of theta."""
    loss: float | None
    """Its own loss."""
    plane_loss: float | None
    """The loss at `at`, which is what the picture shows there."""
    on_path: bool
    """Whether it is one of a trajectory, in order."""
    run: str = ""
    """The trajectory's name, where there are several."""
    step: int | None = None
    """Of the training, where it is known."""
    statistics: str | None = None
    """Whose BatchNorm statistics its own loss is with: its "own", or the "model"'s; None where that is the same,
    or is not known."""


def checkpoints_of(attrs: Attrs, axes: int | None = None) -> list[Projected]:
    """Return the checkpoints of a landscape: those that have a name, a distance and as many coordinates as axes.

    Args:
        attrs: of the landscape.
        axes: how many there are; as many as the attributes tell by default.
    """
    entries = nested(attrs, "checkpoints", list[dict[str, Any]])
    found = [each for each in map(_projected, entries) if each is not None]
    axes = axes or len(nested(attrs, "labels", list)) or max((len(each.at) for each in found), default=0)
    return [each for each in found if len(each.at) == axes]


def _projected(entry: Mapping[str, Any]) -> Projected | None:
    name, offset = agreed(entry.get("name"), str), as_number(entry.get("offset"))
    at = agreed(entry.get("at"), list[float])
    if name is None or offset is None or not at or len(at) != len(entry["at"]):
        return None
    loss, plane_loss = (as_number(entry.get(key)) for key in ("loss", "plane_loss"))
    run, step = agreed(entry.get("run"), str) or "", agreed(entry.get("step"), int)
    told = entry.get("statistics")
    statistics = told if told in ("own", "model") else None
    return Projected(name, tuple(at), offset, loss, plane_loss, entry.get("path") is True, run, step, statistics)


def runs_of(checkpoints: Sequence[Projected]) -> dict[str, list[Projected]]:
    """Return the trajectories among checkpoints: name -> its points in order; "" where it has none."""
    runs: dict[str, list[Projected]] = {}
    for each in checkpoints:
        if each.on_path:
            runs.setdefault(each.run, []).append(each)
    return runs
