"""Planes: what a landscape tells of the directions that it is along."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.landscape.attributes import Attrs, agreed, nested, parsed


@dataclass(frozen=True)
class Basis:
    """How the directions of one plane came to be."""

    made: dict[str, Any]
    """"kind", and what that kind knows; empty where it is not told."""
    sha256: str
    """Of origin and basis; "" where it is not told."""


def basis_of(attrs: Attrs) -> Basis:
    """Return the basis of a landscape's plane, of several the first's."""
    return _basis(nested(attrs, "basis", dict))


def planes_of(attrs: Attrs) -> list[Basis]:
    """Return the bases of all planes of a landscape, at least one."""
    return [_basis(each) for each in nested(attrs, "planes", list[dict[str, Any]])] or [basis_of(attrs)]


def _basis(described: Mapping[str, Any]) -> Basis:
    made = agreed(described.get("made"), dict[str, Any])
    return Basis(made or {}, agreed(described.get("sha256"), str) or "")


def gram_of(attrs: Attrs, axes: int) -> NDArray[np.float64] | None:
    """Return the inner products [K, K] of the basis vectors, from the norms and cosines in the attribute `basis`.

    Orthonormal where the landscape tells none; None where those that it tells make no positive definite matrix.
    """
    basis = agreed(parsed(attrs.get("basis", "{}")), dict[str, Any])
    pairs = list(combinations(range(axes), 2))
    told = {} if basis is None else {"norms": [1.0] * axes, "cosines": [0.0] * len(pairs)} | basis
    norms, cosines = (agreed(told.get(name), list[float]) or [] for name in ("norms", "cosines"))
    if (len(norms), len(cosines)) != (axes, len(pairs)):
        return None
    gram = np.eye(axes)
    for pair, cosine in zip(pairs, cosines, strict=True):
        gram[pair] = gram[pair[::-1]] = cosine
    with np.errstate(over="ignore", invalid="ignore"):
        gram = np.array(norms)[:, None] * gram * np.array(norms)[None, :]
    return gram if _is_positive_definite(gram) else None


def _is_positive_definite(gram: NDArray[np.float64]) -> bool:
    try:
        return bool(np.isfinite(np.linalg.cholesky(gram)).all())
    except np.linalg.LinAlgError:
        return False
