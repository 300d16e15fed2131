"""Plane: coordinates <-> theta, and the distance that a projection leaves out."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import torch
from torch import Tensor

from explorer.numerics.dtypes import check_dtype
from explorer.numerics.fingerprint import sha256
from explorer.numerics.gram import column_blocks, lengths_and_cosines
from explorer.signature import shown

_LEAST_SINE = 1e-6
"""Below this sine of the angle to the span of the others a direction is rounding (float32: 6e-8), not a direction."""

_SMALL = 64
"""Parameters up to which a plane is written out in its description."""

_GREEK = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta")

_PASSES = 3
"""Least squares by the K x K system, and two refinements: each shrinks the error by the squared condition of the basis
(at most 1e12) times eps = 2e-16 times a few, and the last leaves what a QR factorization would."""


@dataclass(frozen=True, eq=False)
class Plane:
    """theta = origin + coords @ basis: a plane (K = 2), or a line (K = 1), in parameter space.

    Coordinates count basis vectors; they are distances only where those are of unit length.

    Raises:
        ValueError: shapes, dtypes, labels or rank do not fit, an entry is not finite, or `made` is not JSON.
    """

    origin: Tensor
    """[P], floating point."""
    basis: Tensor
    """[K, P], linearly independent rows; neither unit nor orthogonal is asked."""
    labels: tuple[str, ...] = ("alpha", "beta")
    """K names; the default is cut to K, or goes on with gamma, delta, ..."""
    made: Mapping[str, Any] = field(default_factory=lambda: {"kind": "tensors"})
    """How the plane came to be, JSON-ready: "kind", and what that kind knows (seed, eigenvalues, ...)."""
    ends: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """Name -> checkpoint (theta, with the buffers saved beside it) that the plane was laid through."""
    _lengths: Tensor = field(init=False, repr=False)
    """[K], float64: of the basis vectors."""
    _cosines: Tensor = field(init=False, repr=False)
    """[K, K], float64: between the basis vectors."""

    def __post_init__(self) -> None:
        for name, value in (("origin", self.origin), ("basis", self.basis)):
            if not isinstance(value, Tensor):
                raise TypeError(f"expected {name} to be a Tensor; got {shown(value)}: use torch.from_numpy for arrays")
        labels = tuple(self.labels)
        if labels == _GREEK[:2] and self.basis.dim() == 2:
            labels = _GREEK[: len(self.basis)]
        object.__setattr__(self, "labels", labels)
        object.__setattr__(self, "made", _json_ready(self.made))
        _check(self.origin, self.basis, labels)
        lengths, cosines = lengths_and_cosines(self.basis)
        _check_rank(lengths, cosines)
        object.__setattr__(self, "_lengths", lengths)
        object.__setattr__(self, "_cosines", cosines)

    def __repr__(self) -> str:
        described = self.describe()
        words = [
            f"{name} {value}" for name, value in self.made.items() if isinstance(value, (str, int)) and name != "kind"
        ]
        kind = {1: "Line", 2: "Plane"}.get(len(self.basis), f"{len(self.basis)} directions")
        lines = [
            f"{kind} in {len(self.origin):,} parameters, {self.origin.dtype} on {self.origin.device}",
            f"  {', '.join(self.labels)}: {', '.join([str(self.made['kind']), *words])}",
            f"  lengths {_listed(described['norms'])}"
            + (f"; cosines {_listed(described['cosines'])}" * (len(self.basis) > 1)),
            *([f"  laid through {', '.join(self.ends)}"] if self.ends else []),
        ]
        return "\n".join(lines)

    def at(self, coords: Tensor | Sequence[Any]) -> Tensor:
        """Return theta [..., P] at coords [..., K]; always computed afresh from the origin.

        Raises:
            ValueError: the last dimension of coords is not K.
        """
        coords = torch.as_tensor(coords, dtype=self.origin.dtype, device=self.origin.device)
        if coords.dim() == 0 or coords.shape[-1] != len(self.basis):
            raise ValueError(f"expected coords [..., {len(self.basis)}] for {self.labels}; got {tuple(coords.shape)}")
        if coords.dim() == 2:
            # The same sum without a second tensor of all thetas.
            return torch.addmm(self.origin, coords, self.basis)
        thetas: Tensor = self.origin + coords @ self.basis
        return thetas

    def coordinates(self, thetas: Tensor) -> Tensor:
        """Return the coordinates [..., K] of the plane's points nearest to thetas [..., P], by least squares.

        In float64 inside, by refined normal equations (Bjorck, Numerical Methods for Least Squares Problems, 1996,
        section 2.9): right for any basis, where a dot product with each direction would need it orthonormal.
        """
        return self._project(thetas).to(self.origin.dtype)

    def offset(self, thetas: Tensor) -> Tensor:
        """Return how far thetas [..., P] lie from the plane, [...], in the units of theta."""
        coords, squares = self._project(thetas), torch.zeros(thetas.shape[:-1], dtype=torch.float64).to(thetas.device)
        for block in self._blocks(thetas):
            squares += self._rest(thetas, coords, block).square().sum(-1)
        return squares.sqrt().to(self.origin.dtype)

    def to(self, *, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> "Plane":
        """Return the plane on another device or in another dtype."""
        check_dtype(dtype)
        origin, basis = (tensor.to(device=device, dtype=dtype) for tensor in (self.origin, self.basis))
        return Plane(origin, basis, self.labels, self.made, self.ends)

    def describe(self) -> dict[str, Any]:
        """Return labels, lengths and cosines of the basis vectors, how the plane was made and the SHA-256 of origin and
        basis; JSON-ready.

        A small plane (at most 64 parameters) is described in full as well.
        """
        whole = {"origin": self.origin.tolist(), "basis": self.basis.tolist()} if self.origin.numel() <= _SMALL else {}
        return {
            "labels": list(self.labels),
            "norms": self._lengths.tolist(),
            "cosines": [self._cosines[pair].item() for pair in combinations(range(len(self.basis)), 2)],
            "made": dict(self.made),
            "sha256": sha256(self.origin, self.basis),
            **whole,
        }

    def _project(self, thetas: Tensor) -> Tensor:
        if thetas.is_complex() or thetas.shape[-1:] != self.origin.shape:
            raise ValueError(
                f"expected real thetas [..., {len(self.origin)}]; got {tuple(thetas.shape)} {thetas.dtype}"
            )
        coords = torch.zeros(*thetas.shape[:-1], len(self.basis), dtype=torch.float64, device=thetas.device)
        for _ in range(_PASSES):
            sides = torch.zeros_like(coords)
            for block in self._blocks(thetas):
                # With rows of unit length, as lengths may differ by orders of magnitude.
                unit = self.basis.detach()[:, block].double() / self._lengths[:, None]
                sides += self._rest(thetas, coords, block) @ unit.T
            coords += torch.linalg.solve(self._cosines, sides[..., None])[..., 0] / self._lengths
        return coords

    def _rest(self, thetas: Tensor, coords: Tensor, block: slice) -> Tensor:
        """Return what coords [..., K] leave out of thetas [..., P], in one block of columns; float64."""
        away = thetas.detach()[..., block].double() - self.origin.detach()[block].double()
        return away - coords @ self.basis.detach()[:, block].double()

    def _blocks(self, thetas: Tensor) -> Sequence[slice]:
        return tuple(column_blocks(len(self.basis) + thetas[..., 0].numel(), len(self.origin)))


def _listed(values: Sequence[float]) -> str:
    return ", ".join(f"{value:.4g}" for value in values)


def _json_ready(made: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return dict(json.loads(json.dumps(made, allow_nan=False)))
    except (TypeError, ValueError) as error:
        raise ValueError(f"expected `made` as finite, JSON-ready values; got {made!r}: {error}") from error


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
    # The largest entry tells, without a copy of the tensors.
    if not all(torch.linalg.vector_norm(each.detach(), ord=torch.inf).isfinite() for each in (origin, basis)):
        raise ValueError("expected a finite origin and basis; got NaN or infinite entries")


def _check_rank(lengths: Tensor, cosines: Tensor) -> None:
    if bool((lengths == 0).any()):
        raise ValueError("expected basis vectors of non-zero length; got a zero row")
    if float(torch.linalg.eigvalsh(cosines)[0]) < _LEAST_SINE**2:
        raise ValueError(f"expected linearly independent basis vectors; got {len(lengths)} that are (nearly) parallel")
