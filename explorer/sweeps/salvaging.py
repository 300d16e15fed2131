"""Salvaging: of a chunk, what can be measured where some of its points cannot."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.sweeps.dataset import as_array
from explorer.sweeps.evaluation.evaluation import Evaluation
from explorer.sweeps.job import Indices

_PIECES = 64
"""A chunk is cut down to so many pieces: what fails everywhere costs some times as much as what succeeds, not more."""


@dataclass
class Salvage:
    """What came of a chunk."""

    fields: dict[str, NDArray[Any]] = field(default_factory=dict)
    """Name -> [n, ...], empty in the holes (NaN, or 0 for integers); empty if nothing could be measured."""
    holes: list[tuple[int, int]] = field(default_factory=list)
    """(first, one after the last) of each run of its points that raised."""
    error: Exception | None = None
    """The first that was raised."""


def salvage(evaluation: Evaluation, positions: Indices) -> Salvage:
    """Measure a chunk's points; if that raises, its halves, and so on: a point that raises costs only those beside it.

    Points are neighbors here in the order of visits, so what is lost lies scattered over the grid.
    """
    found = Salvage()
    left = [(0, len(positions))]
    while left:
        first, after = left.pop()
        try:
            fields = evaluation.at(positions[first:after])
        # Whatever the user's code raises: a bad corner of a plane must not cost the rest of it.
        except Exception as error:
            found.error = found.error or error
            if after - first > max(1, len(positions) // _PIECES):
                middle = (first + after) // 2
                left += [(middle, after), (first, middle)]
            else:
                _lose(found.holes, first, after)
            continue
        for name, part in fields.items():
            values = as_array(part)
            _room(found.fields, name, values, len(positions))[first:after] = values
    return found


def _lose(holes: list[tuple[int, int]], first: int, after: int) -> None:
    """Add a piece, joined to the one before it where they touch."""
    if holes and holes[-1][1] == first:
        first = holes.pop()[0]
    holes.append((first, after))


def _room(fields: dict[str, NDArray[Any]], name: str, like: NDArray[Any], points: int) -> NDArray[Any]:
    if name not in fields:
        empty = np.nan if like.dtype.kind == "f" else 0
        fields[name] = np.full((points, *like.shape[1:]), empty, dtype=like.dtype)
    return fields[name]
