"""Planes along eigenvectors of the Hessian."""

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import torch
from scipy.sparse.linalg import ArpackError, LinearOperator, eigsh
from torch import Tensor

from explorer.curvature import hessian_product
from explorer.curvature.dense import dense_matrix
from explorer.directions.signs import with_fixed_signs
from explorer.errors import ObjectiveError
from explorer.numerics.seeds import generator
from explorer.objective import Objective
from explorer.plane import Plane
from explorer.signature import checked

Which = Literal["largest", "smallest", "magnitude"]
Array = np.ndarray[Any, np.dtype[np.float64]]

_ARPACK = {"largest": "LA", "smallest": "SA", "magnitude": "LM"}

_DENSE = 64
"""Up to so many parameters P products give the whole Hessian, for no more than the iteration would need."""

_RESTARTS = 200
"""Of the iteration, each about 20 products."""


@checked
def hessian(objective: Objective, count: int = 2, which: Which = "largest", seed: int = 0) -> Plane:
    """Return the plane through objective.theta along unit eigenvectors of the Hessian there.

    Exact products with the Hessian of the whole objective (over all data, and over those parameters that theta holds),
    eigenpairs by implicitly restarted Lanczos (ARPACK), which takes some 20 vectors [P] of float64. A sign is fixed:
    the entry of largest magnitude is positive. Eigenvalues, and how well each pair is one, ||H v - lambda v||, are in
    `made`.

    Args:
        objective: whose theta is the origin.
        count: K, how many eigenvectors.
        which: "largest" or "smallest" eigenvalues in the algebraic sense, or those of largest "magnitude".
        seed: of the start vector.

    Raises:
        ObjectiveError: the iteration does not converge, or a product is not finite.
        ValueError: a count or a `which` that does not exist.
    """
    theta = objective.theta
    if which not in _ARPACK or not 1 <= count <= len(theta):
        raise ValueError(f"expected 1 <= count <= {len(theta)}, which among {list(_ARPACK)}; got {count}, {which!r}")
    product = _Counted(hessian_product(objective, theta))
    if len(theta) <= max(_DENSE, 2 * count):
        values, vectors = _dense(product, theta, count, which)
    else:
        values, vectors = _iterated(product, theta, count, which, seed, objective.rounding)
    basis = with_fixed_signs(vectors)
    residuals = [float(torch.linalg.vector_norm(product(v) - x * v)) for x, v in zip(values, basis, strict=True)]
    _refuse_rough(residuals, product, objective.rounding)
    made = {"kind": "hessian", "which": which, "seed": int(seed), "eigenvalues": values, "residuals": residuals}
    return Plane(theta, basis, made={**made, "products": product.count})


class _Counted:
    """A product that counts its calls and knows the largest stretch it has seen, a lower bound of ||H||."""

    def __init__(self, product: Callable[[Tensor], Tensor]) -> None:
        self._product = product
        self.count, self.stretch = 0, 0.0

    def __call__(self, vector: Tensor) -> Tensor:
        found = self._product(vector)
        self.count += 1
        length = float(torch.linalg.vector_norm(found))
        if not np.isfinite(length):
            raise ObjectiveError(
                "expected finite products with the Hessian at objective.theta; got NaN or infinity: look at the loss "
                "and its gradient there, or use float64"
            )
        self.stretch = max(self.stretch, length / float(torch.linalg.vector_norm(vector)))
        return found


def _dense(product: Callable[[Tensor], Tensor], theta: Tensor, count: int, which: Which) -> tuple[list[float], Tensor]:
    values, vectors = torch.linalg.eigh(dense_matrix(product, theta))
    order = _order(values.numpy(), which)[:count]
    return values[order].tolist(), vectors.T[order].to(theta)


def _iterated(
    product: Callable[[Tensor], Tensor], theta: Tensor, count: int, which: Which, seed: int, rounding: float
) -> tuple[list[float], Tensor]:
    def multiply(vector: Array) -> Array:
        return np.asarray(product(torch.from_numpy(vector.ravel()).to(theta)).double().cpu().numpy())

    size = len(theta)
    operator = LinearOperator((size, size), matvec=multiply, dtype=np.float64)
    start = torch.randn(size, generator=generator(seed), dtype=torch.float64).numpy()
    accuracy = 10 * rounding
    try:
        values, vectors = eigsh(operator, count, which=_ARPACK[which], v0=start, tol=accuracy, maxiter=_RESTARTS)
    except ArpackError as error:
        raise ObjectiveError(
            f"expected {count} eigenvectors ({which}) of the Hessian; the iteration did not converge: {error}. These "
            'eigenvalues lie too close together: ask for another count, for which="magnitude", or use float64'
        ) from error
    order = _order(values, which)
    return values[order].tolist(), torch.from_numpy(vectors.T[order].copy()).to(theta)


def _order(values: Array, which: Which) -> list[int]:
    keys = {"largest": -values, "smallest": values, "magnitude": -np.abs(values)}
    return [int(place) for place in np.argsort(keys[which], kind="stable")]


def _refuse_rough(residuals: list[float], product: _Counted, rounding: float) -> None:
    allowed = rounding**0.5 * product.stretch
    if max(residuals) > allowed:
        raise ObjectiveError(
            f"expected eigenvectors of the Hessian with ||H v - lambda v|| <= {allowed:.3g}; got {max(residuals):.3g}: "
            'use float64, another count, or which="magnitude"'
        )
