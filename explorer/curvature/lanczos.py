"""Both ends of a spectrum from products alone, with three vectors of memory."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from explorer.numerics.seeds import generator


@dataclass(frozen=True)
class Extremes:
    """The ends of a symmetric matrix's spectrum, as Ritz values: from inside. NaN if a product was."""

    low: float
    """The smallest eigenvalue is at most this, up to rounding."""
    high: float
    """The largest eigenvalue is at least this, up to rounding."""
    low_bound: float
    """Some eigenvalue lies within this of `low`: not the smallest one, as long as the iteration has not converged."""
    high_bound: float
    """Some eigenvalue lies within this of `high`: not the largest one, as long as the iteration has not converged."""
    products: int
    """Products with the matrix that were used."""


def extreme_eigenvalues(
    product: Callable[[Tensor], Tensor], like: Tensor, *, steps: int = 30, tolerance: float = 1e-3, seed: int = 0
) -> Extremes:
    """Return estimates of the smallest and the largest eigenvalue of a symmetric matrix, by Lanczos' recurrence.

    Without reorthogonalization, which leaves the ends right (Paige, J. Inst. Maths Applics 18, 1976): where
    orthogonality is lost, an end has converged, and only copies of it appear. Each value is v^T A v of a unit vector v,
    so the spectrum reaches at least that far. The bounds are ||A v - value v|| = beta_m |s_mi| (Parlett, The Symmetric
    Eigenvalue Problem, section 13.2). They say that an eigenvalue is near, and not that none lies further out: after
    few steps one often does, and a start vector may miss it altogether, though a random one hardly does.

    Args:
        product: vector [P] -> matrix @ vector [P].
        like: a tensor [P] of the vectors' dtype and device.
        steps: products at most.
        tolerance: stop where both bounds are below this times the largest of the two ends' sizes.
        seed: of the random start vector, drawn on the CPU.
    """
    vector, before = _unit_start(like, seed), torch.zeros_like(like)
    diagonal: list[float] = []
    beside: list[float] = []
    while True:
        after = product(vector)
        diagonal.append(_dot(after, vector))
        after = after - diagonal[-1] * vector - (beside[-1] if beside else 0.0) * before
        beside.append(_dot(after, after) ** 0.5)
        found = _ends(diagonal, beside)
        size = max(abs(found.low), abs(found.high))
        # "not >" also ends where a product was NaN.
        if len(diagonal) == min(steps, len(like)) or not max(found.low_bound, found.high_bound) > tolerance * size:
            return found
        vector, before = after / beside[-1], vector


def _unit_start(like: Tensor, seed: int) -> Tensor:
    drawn = torch.randn(like.shape, generator=generator(seed), dtype=torch.float64)
    start: Tensor = (drawn / torch.linalg.vector_norm(drawn)).to(like)
    return start


def _dot(left: Tensor, right: Tensor) -> float:
    return float(left @ right)


def _ends(diagonal: list[float], beside: list[float]) -> Extremes:
    """Return the ends of the tridiagonal matrix, with the bounds that its last row gives."""
    small = torch.diag(torch.tensor(diagonal, dtype=torch.float64))
    couplings = torch.tensor(beside[:-1], dtype=torch.float64)
    small += torch.diag(couplings, 1) + torch.diag(couplings, -1)
    if not bool(small.isfinite().all()):
        nan = float("nan")
        return Extremes(nan, nan, nan, nan, len(diagonal))
    values, vectors = torch.linalg.eigh(small)
    bounds = beside[-1] * vectors[-1].abs()
    return Extremes(values[0].item(), values[-1].item(), bounds[0].item(), bounds[-1].item(), len(diagonal))
