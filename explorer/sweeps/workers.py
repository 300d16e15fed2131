"""Workers: what came of the points that one of them measured."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.sweeps.evaluation.evaluation import Evaluation
from explorer.sweeps.job import Indices
from explorer.sweeps.salvaging import salvage


@dataclass(frozen=True)
class Measured:
    """What came of some points."""

    positions: Indices
    """[n], flat: that were asked for."""
    fields: dict[str, NDArray[Any]] = field(default_factory=dict)
    """Name -> [m, ...] of the points that came out; empty where none did."""
    at: Indices = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    """[m], flat: the points that came out."""
    error: Exception | None = None
    """The first that was raised, where not all came out."""
    reason: str | None = None
    """The error in words."""


Measure = Callable[[Iterable[Indices]], Iterator[Measured]]
"""Pieces of flat positions -> what came of each of them, or of parts of them, in any order."""


def measured_by(evaluation: Evaluation, positions: Indices) -> Measured:
    """Return what an evaluation makes of flat positions [n]; a point that raises costs only those beside it."""
    found = salvage(evaluation, positions)
    kept = np.ones(len(positions), dtype=bool)
    for first, after in found.holes:
        kept[first:after] = False
    reason = None if found.error is None else f"{type(found.error).__name__}: {found.error}"
    fields = {name: values[kept] for name, values in found.fields.items()} if kept.any() else {}
    return Measured(positions, fields, positions[kept], found.error, reason)
