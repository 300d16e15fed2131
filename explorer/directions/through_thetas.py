"""The line through two thetas, and the plane through three."""

import math

import torch
from torch import Tensor

from explorer.numerics.gram import inner_products
from explorer.plane import Plane

_LEAST_SINE = 1e-6
"""Below this sine of the angle at `a` three thetas are taken to lie on one line."""


def between(a: Tensor, b: Tensor) -> Plane:
    """Return the line from theta a [P], at 0, to theta b [P], at 1.

    Raises:
        ValueError: the two are the same, or do not fit each other.
    """
    _check(a, b)
    points = {"a": [0.0], "b": [1.0]}
    return Plane(a, (b - a)[None], made={"kind": "between", "points": points, "distance": _length(b - a)})


def through(a: Tensor, b: Tensor, c: Tensor) -> Plane:
    """Return the plane through three thetas [P]: a at (0, 0), b at (1, 0), c above or below that line.

    Both basis vectors are as long as b - a and at right angles (as in Garipov et al. 2018, whose coordinates are
    multiplied by that length): a picture of equal aspect shows true angles and ratios of distances, in units of the
    distance from a to b. Where each of the three lies is in made["points"].

    Raises:
        ValueError: two are the same, the three lie on one line, or they do not fit each other.
    """
    _check(a, b, c)
    along, across = b - a, c - a
    size, reach = _length(along), _length(across)
    foot = 0.0
    # Twice, because what is left after the first time still holds the rounding of the part taken away.
    for _ in range(2):
        share = _dot(across, along) / size**2
        foot, across = foot + share, across - share * along
    height = _length(across)
    if height <= _LEAST_SINE * reach:
        raise ValueError("expected three thetas that span a plane; these lie on one line: use between(a, b)")
    points = {"a": [0.0, 0.0], "b": [1.0, 0.0], "c": [foot, height / size]}
    basis = torch.stack([along, across * (size / height)])
    return Plane(a, basis, made={"kind": "through", "points": points, "distance": size})


def _check(*thetas: Tensor) -> None:
    first = thetas[0]
    for each in thetas:
        if each.dim() != 1 or (each.shape, each.dtype, each.device) != (first.shape, first.dtype, first.device):
            found = ", ".join(f"{tuple(theta.shape)} {theta.dtype} on {theta.device}" for theta in thetas)
            raise ValueError(f"expected thetas [P] of one length, dtype and device; got {found}")
    for i, each in enumerate(thetas):
        if any(torch.equal(each, other) for other in thetas[:i]):
            raise ValueError("expected different thetas; two of them are equal")


def _dot(left: Tensor, right: Tensor) -> float:
    return inner_products(left[None], right[None]).item()


def _length(vector: Tensor) -> float:
    return math.sqrt(_dot(vector, vector))
