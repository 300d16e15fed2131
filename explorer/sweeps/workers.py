"""Workers: how pieces of a sweep are measured. This process does it one by one; executors do it anywhere."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explorer.sweeps.dataset import as_array
from explorer.sweeps.failures import failure_text
from explorer.sweeps.job import Indices

_PIECES = 64
"""A piece is cut down to so many: what fails everywhere costs some times as much as what succeeds, not more."""


class Measurable(Protocol):
    """What can measure points: an `Evaluation`, or a walk from each."""

    def at(self, positions: Indices) -> Mapping[str, Tensor]:
        """Return name -> field [n, ...] at these flat positions [n], in their order."""
        ...


@dataclass(frozen=True, eq=False)
class Measured:
    """What came of a piece: fields at the points that came out, and the points that raised."""

    positions: Indices
    """[m], flat; of the points that came out."""
    fields: Mapping[str, Tensor | NDArray[Any]]
    """Name -> [m, ...]; empty where nothing came out."""
    lost: Indices = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    """Flat positions of the points that raised."""
    error: Exception | None = None
    """The first that was raised."""

    @property
    def points(self) -> int:
        """How many points were asked for."""
        return len(self.positions) + len(self.lost)

    @property
    def reason(self) -> str:
        """Why points were lost, in a line."""
        return failure_text(self.error)


Measure = Callable[[Iterable[Indices]], Iterator[Measured | None]]
"""Pieces of positions -> what came of each, in any order; None is a sign of life in between."""


def here(source: Measurable) -> Measure:
    """Return the measure of this process."""

    def measure(pieces: Iterable[Indices]) -> Iterator[Measured]:
        for positions in pieces:
            yield salvaged(source, positions)

    return measure


def salvaged(source: Measurable, positions: Indices) -> Measured:
    """Measure a piece; if that raises, its halves, and so on: a point that raises costs only those beside it.

    Points are neighbors here in the order of visits, so what is lost lies scattered over the grid.
    """
    came: list[tuple[Indices, Mapping[str, Tensor]]] = []
    lost: list[Indices] = []
    first_error: Exception | None = None
    left = [positions]
    while left:
        piece = left.pop()
        try:
            came.append((piece, source.at(piece)))
        # Whatever the user's code raises: a bad corner of a plane must not cost the rest of it.
        except Exception as error:
            first_error = first_error or error
            if len(piece) > max(1, len(positions) // _PIECES):
                middle = len(piece) // 2
                left += [piece[middle:], piece[:middle]]
            else:
                lost.append(piece)
    return Measured(
        _joined([piece for piece, _ in came]), _fields([part for _, part in came]), _joined(lost), first_error
    )


def _joined(pieces: list[Indices]) -> Indices:
    return np.concatenate(pieces) if pieces else np.empty(0, dtype=np.int64)


def _fields(parts: list[Mapping[str, Tensor]]) -> Mapping[str, Tensor]:
    if len(parts) < 2:
        return parts[0] if parts else {}
    return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}


def arrays(fields: Mapping[str, Tensor | NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return fields as NumPy arrays, wherever they were measured."""
    return {name: as_array(values) if isinstance(values, Tensor) else values for name, values in fields.items()}
