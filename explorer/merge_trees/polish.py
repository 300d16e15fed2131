"""Polish: from a point of the grid to the surface's own minimum, or pass, by Newton's method in the plane."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from explorer.curvature import gradient_and_product
from explorer.numerics.turn import in_turn
from explorer.objective import Objective
from explorer.plane import Plane

Floats = NDArray[np.float64]

MINIMUM, FLAT, LEFT, UNSETTLED = "minimum", "flat", "left", "unsettled"
"""What becomes of a descent: a minimum; a floor that is level along some direction; out of the window; neither."""

_MOST_STEPS = 60
_HALVINGS = 30
_LONGEST = 2.0
"""Steps of the grid that one of Newton's may be long: beyond, its quadratic is of another place."""
_LOST = 8.0
"""Steps of the grid from which on a pass is not looked for any longer."""
_SUFFICIENT = 1e-4
"""Share of the foretold descent that is asked for (Armijo 1966)."""


@dataclass(frozen=True, eq=False)
class Local:
    """The surface at a point of the plane, to second order, in steps of the grid."""

    coords: Floats
    """[K], of the plane."""
    value: float
    slope: Floats
    """[K]."""
    curvature: Floats
    """[K, K]."""
    gradient_norm: float
    """Of the full gradient [P]: what a minimum in the plane leaves of the objective's slope."""

    @property
    def index(self) -> int:
        """How many directions go down from a point without a slope."""
        return int((np.linalg.eigvalsh(self.curvature) < 0).sum())


@dataclass(frozen=True, eq=False)
class Settled:
    """Where a polish has come to."""

    at: Local
    kind: str
    """MINIMUM, FLAT, LEFT or UNSETTLED; of a pass MINIMUM stands for: without a slope."""


class Surface:
    """An objective over a plane, seen in steps of a grid.

    Args:
        objective, plane: what is looked at.
        steps: of the grid along each axis [K].
    """

    def __init__(self, objective: Objective, plane: Plane, steps: Floats) -> None:
        self.objective, self.plane, self.steps = objective, plane, steps
        epsilon = torch.finfo(objective.dtype).eps
        self.near = float(epsilon**0.4)
        """Steps of the grid below which one of Newton's has arrived: a gradient has about eps, and so do its steps but
        for the curvature's condition."""
        self.level = float(epsilon**0.5)
        """Share of the largest curvature below which another is rounding."""
        self.noise = 8 * float(epsilon)

    @in_turn
    def value(self, coords: Floats) -> float:
        """Return the objective at coords [K]."""
        return float(self.objective(self._theta(coords)))

    @in_turn
    def local(self, coords: Floats) -> Local:
        """Return the surface at coords [K], from K products with the Hessian."""
        theta, basis = self._theta(coords), self.plane.basis
        gradient, product = gradient_and_product(self.objective, theta)
        columns = torch.stack([product(direction) for direction in basis])
        curvature = (columns @ basis.T).double().cpu().numpy() * np.outer(self.steps, self.steps)
        return Local(
            coords,
            float(self.objective(theta)),
            (basis @ gradient).double().cpu().numpy() * self.steps,
            (curvature + curvature.T) / 2,
            float(torch.linalg.vector_norm(gradient)),
        )

    def _theta(self, coords: Floats) -> torch.Tensor:
        return self.plane.at(torch.as_tensor(coords, dtype=self.plane.origin.dtype, device=self.plane.origin.device))


def to_minimum(surface: Surface, start: Floats, inside: Callable[[Floats], bool]) -> Settled:
    """Return where Newton's method with |eigenvalues| (a descent everywhere) ends, each step tried and halved.

    Args:
        surface: to descend on.
        start: coords [K].
        inside: whether coords are in the window.
    """
    at = surface.local(start)
    for _ in range(_MOST_STEPS):
        if not np.isfinite(at.curvature).all():
            return Settled(at, UNSETTLED)
        values, axes = np.linalg.eigh(at.curvature)
        size = np.maximum(np.abs(values), surface.level * np.abs(values).max())
        step = -axes @ ((axes.T @ at.slope) / size) if size.any() else -at.slope
        if not np.isfinite(step).all():
            return Settled(at, UNSETTLED)
        if np.linalg.norm(step) <= surface.near:
            # The last one is taken too: what is left is about its square.
            return Settled(surface.local(at.coords + step * surface.steps), _kind(values, surface.level))
        moved = _lower(surface, at, _clipped(step, _LONGEST))
        if moved is None:
            return Settled(at, UNSETTLED)
        if not inside(moved):
            return Settled(at, LEFT)
        at = surface.local(moved)
    return Settled(at, UNSETTLED)


def to_pass(surface: Surface, start: Floats) -> Settled:
    """Return where Newton's method on the gradient ends: at a point without slope, whatever its curvature.

    Args:
        surface: to look on.
        start: coords [K], near a pass.
    """
    at = surface.local(start)
    for _ in range(_MOST_STEPS):
        step = _newton(at, surface.level)
        if not np.isfinite(step).all():
            break
        if np.linalg.norm(step) <= surface.near:
            return Settled(surface.local(at.coords + step * surface.steps), MINIMUM)
        at = surface.local(at.coords + _clipped(step, _LONGEST) * surface.steps)
        if np.linalg.norm((at.coords - start) / surface.steps) > _LOST:
            break
    return Settled(at, UNSETTLED)


def _newton(at: Local, level: float) -> Floats:
    """Return Newton's step [K] towards no slope, by least squares, as a level direction makes the curvature singular;
    NaN where it has none."""
    if not (np.isfinite(at.curvature).all() and np.isfinite(at.slope).all()):
        return np.full_like(at.slope, np.nan)
    return np.asarray(-np.linalg.lstsq(at.curvature, at.slope, rcond=level)[0], dtype=np.float64)


def _lower(surface: Surface, at: Local, step: Floats) -> Floats | None:
    """Return the coords after a step that lowers the value, halved as often as it takes; None if nothing does."""
    foretold = float(at.slope @ step)
    for _ in range(_HALVINGS):
        coords = at.coords + step * surface.steps
        if surface.value(coords) <= at.value + _SUFFICIENT * foretold + surface.noise * abs(at.value):
            return coords
        step, foretold = step / 2, foretold / 2
    return None


def _clipped(step: Floats, longest: float) -> Floats:
    return step * min(1.0, longest / max(float(np.linalg.norm(step)), np.finfo(np.float64).tiny))


def _kind(values: Floats, level: float) -> str:
    if values.min() > level * np.abs(values).max():
        return MINIMUM
    return FLAT if values.min() >= -level * np.abs(values).max() else UNSETTLED
