"""The ends of the Hessian's spectrum at the origin, over all directions."""

import math
from dataclasses import dataclass

import torch

from explorer.checklist.budget import Pieces
from explorer.checklist.inspection import Inspection
from explorer.curvature import extreme_eigenvalues
from explorer.curvature.dense import dense_matrix

_OTHERS = 10
"""Products' worth of the report that is spent elsewhere."""
_CONVERGED = 1e-3
"""Of the largest curvature: the residual from which on an end counts as found."""
_ROUNDINGS, _COARSE = 1e4, 0.1
"""In units of eps, and at most this share of the largest curvature: what sums over many samples may round away."""


@dataclass(frozen=True)
class Ends:
    """What is known of the ends of the Hessian's spectrum: both exactly, or each from inside."""

    low: float
    high: float
    products: int
    unknown: tuple[str, ...] = ()
    """Which ends have not converged: "smallest", "largest"."""
    exact: bool = False

    @property
    def size(self) -> float:
        """The largest curvature, or a lower bound of it."""
        return max(abs(self.low), abs(self.high))


def ends_of(about: Inspection, inside: list[float]) -> Ends:
    """Return the ends of the spectrum: exactly where P products are within the report's means, else Ritz values.

    Args:
        about: what is reported on.
        inside: the eigenvalues in the plane, in ascending order.
    """
    origin = about.plane.origin
    if len(origin) <= about.products:
        matrix = dense_matrix(about.product, origin)
        if not bool(matrix.isfinite().all()):
            return Ends(math.nan, math.nan, len(origin))
        values = torch.linalg.eigvalsh(matrix)
        return Ends(values[0].item(), values[-1].item(), len(origin), exact=True)
    steps, slack = _steps(about), rounding(about)
    found = extreme_eigenvalues(about.product, origin, steps=steps, tolerance=min(slack, _CONVERGED) / 10)
    # What the picture shows is there, whether the iteration has come across it or not.
    low, high = min(found.low, inside[0]), max(found.high, inside[-1])
    size = max(abs(low), abs(high))
    below, above = max(found.low_bound, found.low - low), max(found.high_bound, high - found.high)
    # How far off the low end may be must be small enough to tell its sign, too.
    signed = low < -slack * size or low - below >= -slack * size
    known = {"smallest": below <= _CONVERGED * size and signed, "largest": above <= _CONVERGED * size}
    return Ends(low, high, found.products, tuple(name for name in known if not known[name]))


def products_over_all(about: Inspection) -> Pieces:
    """Return what `ends_of` takes at most."""
    parameters = len(about.plane.origin)
    return {"product": parameters if parameters <= about.products else min(_steps(about), parameters)}


def rounding(about: Inspection) -> float:
    """Return how far below 0, in units of the largest curvature, an eigenvalue that is 0 may come out."""
    return min(_ROUNDINGS * about.epsilon, _COARSE)


def _steps(about: Inspection) -> int:
    return max(about.products - len(about.plane.basis) - _OTHERS, _OTHERS)
