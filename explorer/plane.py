"""Plane: coordinates <-> theta, and the distance that a projection leaves out."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import torch
from torch import Tensor

_LEAST_SINE = 1e-6
"""Below this sine of the angle to the span of the others a direction is rounding (float32: 6e-8), not a direction."""

_SMALL = 64
"""Parameters up to which a plane is written out in its description."""


@dataclass(frozen=True, eq=False)
class Plane:
    """theta = origin + coords @ basis: a plane (K = 2), or a line (K = 1), in parameter space.

    Coordinates count basis vectors; they are distances only where those are of unit length.

    Raises:
        ValueError: shapes, dtypes, labels or rank do not fit, or an entry is not finite.
    """

    origin: Tensor
    """[P], floating point."""
    basis: Tensor
    """[K, P], linearly independent rows; neither unit nor orthogonal is asked."""
    labels: tuple[str, ...] = ("alpha", "beta")
    """K names; the default is cut to K."""
    _inverse: Tensor = field(init=False, repr=False)
    """[P, K], float64: the right pseudo-inverse of the basis."""

    def __post_init__(self) -> None:
        labels = tuple(self.labels)
        if labels == ("alpha", "beta") and self.basis.dim() == 2:
            labels = labels[: len(self.basis)]
        object.__setattr__(self, "labels", labels)
        _check(self.origin, self.basis, labels)
        object.__setattr__(self, "_inverse", torch.linalg.pinv(self.basis.detach().double()))

    def at(self, coords: Tensor | Sequence[Any]) -> Tensor:
        """Return theta [..., P] at coords [..., K]; always computed afresh from the origin.

        Raises:
            ValueError: the last dimension of coords is not K.
        """
        coords = torch.as_tensor(coords, dtype=self.origin.dtype, device=self.origin.device)
        if coords.dim() == 0 or coords.shape[-1] != len(self.basis):
            raise ValueError(f"expected coords [..., {len(self.basis)}] for {self.labels}; got {tuple(coords.shape)}")
        thetas: Tensor = self.origin + coords @ self.basis
        return thetas

    def coordinates(self, thetas: Tensor) -> Tensor:
        """Return the coordinates [..., K] of the plane's points nearest to thetas [..., P], by least squares.

        (theta - origin) @ pinv(basis), in float64 inside: right for any basis, where a dot product with each direction
        would need it orthonormal.
        """
        return self._project(thetas).to(self.origin.dtype)

    def offset(self, thetas: Tensor) -> Tensor:
        """Return how far thetas [..., P] lie from the plane, [...], in the units of theta."""
        rest = thetas.double() - self.origin.double() - self._project(thetas) @ self.basis.double()
        distance: Tensor = torch.linalg.vector_norm(rest, dim=-1)
        return distance.to(self.origin.dtype)

    def to(self, *, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> "Plane":
        """Return the plane on another device or in another dtype."""
        return Plane(self.origin.to(device=device, dtype=dtype), self.basis.to(device=device, dtype=dtype), self.labels)

    def describe(self) -> dict[str, Any]:
        """Return labels, lengths and cosines of the basis vectors and the SHA-256 of origin and basis; JSON-ready.

        A small plane (at most 64 parameters) is described in full as well.
        """
        digest = hashlib.sha256(self.origin.cpu().numpy().tobytes() + self.basis.cpu().numpy().tobytes())
        whole = {"origin": self.origin.tolist(), "basis": self.basis.tolist()} if self.origin.numel() <= _SMALL else {}
        return {
            "labels": list(self.labels),
            "norms": torch.linalg.vector_norm(self.basis.double(), dim=1).tolist(),
            "cosines": [_correlation(self.basis)[pair].item() for pair in combinations(range(len(self.basis)), 2)],
            "sha256": digest.hexdigest(),
            **whole,
        }

    def _project(self, thetas: Tensor) -> Tensor:
        coords: Tensor = (thetas.double() - self.origin.double()) @ self._inverse
        return coords


def _correlation(basis: Tensor) -> Tensor:
    """Return the cosines [K, K] between the rows of the basis, in float64."""
    rows = basis.detach().double()
    unit = rows / torch.linalg.vector_norm(rows, dim=1, keepdim=True)
    cosines: Tensor = unit @ unit.T
    return cosines


def _check(origin: Tensor, basis: Tensor, labels: tuple[str, ...]) -> None:
    if origin.dim() != 1 or basis.dim() != 2 or basis.shape[1] != len(origin) or len(basis) == 0:
        raise ValueError(f"expected origin [P] and basis [K, P]; got {tuple(origin.shape)} and {tuple(basis.shape)}")
    if origin.dtype != basis.dtype or not origin.is_floating_point() or origin.device != basis.device:
        raise ValueError(
            f"expected origin and basis of one floating dtype on one device; got {origin.dtype} on {origin.device} "
            f"and {basis.dtype} on {basis.device}"
        )
    if len(labels) != len(basis) or len(set(labels)) != len(labels):
        raise ValueError(f"expected {len(basis)} different labels, one for each row of the basis; got {labels}")
    if not bool(origin.isfinite().all() and basis.isfinite().all()):
        raise ValueError("expected a finite origin and basis; got NaN or infinite entries")
    _check_rank(basis)


def _check_rank(basis: Tensor) -> None:
    lengths = torch.linalg.vector_norm(basis.double(), dim=1)
    if bool((lengths == 0).any()):
        raise ValueError("expected basis vectors of non-zero length; got a zero row")
    if float(torch.linalg.eigvalsh(_correlation(basis))[0]) < _LEAST_SINE**2:
        raise ValueError(f"expected linearly independent basis vectors; got {len(basis)} that are (nearly) parallel")
