"""Grid: the axes of a plane, their points, the order in which to visit them, and chunks of that order."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.signature import checked

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

_EVERY_LEVEL = 63


@dataclass(frozen=True)
class Axis:
    """Evenly spaced points from low to high, both included exactly."""

    low: float
    high: float
    points: int

    @property
    def values(self) -> Floats:
        """The points [points], ascending."""
        return np.linspace(self.low, self.high, self.points, dtype=np.float64)

    @property
    def levels(self) -> Indices:
        """How coarse each point is [points]: i is on level k if 2^k is the largest power of two that divides it."""
        index = np.arange(self.points)
        # i & -i keeps the lowest set bit; the first point, a multiple of every power, belongs to every level.
        return np.where(index == 0, _EVERY_LEVEL, np.log2(np.maximum(index & -index, 1)).astype(np.int64))


_MARGIN = 0.25
"""By which a picture reaches beyond what has to be in it, as a share of its size."""


class Grid:
    """The product of labelled axes.

    Args:
        axes: label -> (low, high, points), in the order of the plane's labels; low < high, at least 2 points.

    Raises:
        TypeError, ValueError: no axis, or an axis that is not like this.
    """

    @checked
    def __init__(self, axes: Mapping[str, Sequence[float]]) -> None:
        if not axes:
            raise ValueError('expected at least one axis, such as {"w": (-4, 4, 161)}; got none')
        self.axes: dict[str, Axis] = {label: _axis(label, spec) for label, spec in axes.items()}

    @classmethod
    @checked
    def square(cls, radius: float = 1.0, points: int = 51, labels: Sequence[str] = ("alpha", "beta")) -> "Grid":
        """Return the grid from -radius to radius with `points` points along each label."""
        return cls(dict.fromkeys(labels, (-radius, radius, points)))

    @classmethod
    def around(cls, plane: Any, *saved: Any, points: int = 51) -> "Grid":
        """Return the grid that shows saved thetas, where they fall in a plane, with a quarter of their span around.

        Args:
            plane: an `explorer.Plane`.
            saved: thetas [P] or [T, P], checkpoints, trajectories; without any those that the plane was laid through.
            points: along each axis.

        Raises:
            ValueError: none are given, and the plane was laid through none; or they all fall on one point.
        """
        given = saved or tuple(plane.ends.values())
        if not given:
            raise ValueError("expected thetas, checkpoints or trajectories to show; the plane was laid through none")
        thetas = [getattr(each, "thetas", getattr(each, "theta", each)) for each in given]
        places = np.concatenate(
            [plane.coordinates(each).reshape(-1, len(plane.labels)).double().cpu().numpy() for each in thetas]
        )
        low, high = places.min(axis=0), places.max(axis=0)
        # One margin on all sides, so that a flat trajectory does not make a flat picture.
        margin = _MARGIN * float((high - low).max())
        if not margin > 0:
            raise ValueError("expected thetas at different places of the plane; they all fall on one point")
        extents = zip(plane.labels, (low - margin).tolist(), (high + margin).tolist(), strict=True)
        return cls({label: (start, stop, points) for label, start, stop in extents})

    def __repr__(self) -> str:
        return f"Grid({ {label: (a.low, a.high, a.points) for label, a in self.axes.items()} })"

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, in order."""
        return tuple(self.axes)

    @property
    def shape(self) -> tuple[int, ...]:
        """Points along each axis."""
        return tuple(axis.points for axis in self.axes.values())

    @property
    def size(self) -> int:
        """N, the number of points."""
        return math.prod(self.shape)

    @property
    def values(self) -> dict[str, Floats]:
        """Label -> the points of its axis."""
        return {label: axis.values for label, axis in self.axes.items()}

    @property
    def coords(self) -> Floats:
        """Coordinates [N, K] in C order: the last label varies fastest."""
        mesh = np.meshgrid(*self.values.values(), indexing="ij")
        return np.stack([part.reshape(-1) for part in mesh], axis=1)

    @property
    def order(self) -> Indices:
        """A permutation [N] of the flat positions, coarse to fine.

        After every refinement the visited points form a regular grid of half the spacing, so that a sweep that is
        still running, or was stopped, is already a whole picture.
        """
        mesh = np.meshgrid(*(axis.levels for axis in self.axes.values()), indexing="ij")
        coarseness = np.minimum.reduce([part.reshape(-1) for part in mesh])
        return np.argsort(-coarseness, kind="stable")

    def chunks(self, size: int) -> Iterator[Indices]:
        """Yield the order in pieces of `size` flat positions, the last one shorter.

        Raises:
            ValueError: size is below 1.
        """
        if size < 1:
            raise ValueError(f"expected a chunk of at least 1 point; got {size}")
        order = self.order
        for start in range(0, self.size, size):
            yield order[start : start + size]


def _axis(label: str, spec: Sequence[float]) -> Axis:
    if not label:
        raise ValueError("expected a name for each axis; got an empty one")
    if len(spec) != 3:
        raise ValueError(f"expected (low, high, points) for {label!r}; got {len(spec)} numbers")
    low, high, points = spec
    if not math.isfinite(high - low) and math.isfinite(low) and math.isfinite(high):
        raise ValueError(f"expected low and high for {label!r} with a finite distance; got ({low}, {high})")
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"expected finite low < high for {label!r}; got ({low}, {high})")
    if not (math.isfinite(points) and points == int(points) and points >= 2):
        raise ValueError(f"expected at least 2 points along {label!r}; got {points}")
    return Axis(float(low), float(high), int(points))
