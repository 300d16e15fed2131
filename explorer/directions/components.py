"""The plane of a trajectory's own principal directions."""

import torch
from torch import Tensor

from explorer.directions.signs import with_fixed_signs
from explorer.gram import column_blocks, lengths_and_cosines
from explorer.plane import Plane
from explorer.trajectory import Trajectory

_LEAST = 1e-12
"""A component with less than this share of the first one's sum of squares is rounding."""


def principal(trajectory: Trajectory | Tensor, centered: bool = False, count: int = 2) -> Plane:
    """Return the plane through the last theta along the directions in which a trajectory spreads most.

    Unit and orthogonal; the sign is fixed: the entry of largest magnitude is positive. `made` holds the share that each
    of the T components explains ("explained"), beside the share that an isotropic random walk of T thetas in infinitely
    many dimensions would ("random_walk"): only what is well above that says something about the training.

    Args:
        trajectory: thetas [T, P], in order.
        centered: spread about the mean of the thetas (variance), instead of about the last one. Li et al. (2018)
            write the latter and compute the former; the plane passes through the last theta either way.
        count: K, how many directions.

    Raises:
        ValueError: fewer than count + 1 thetas, or thetas that span no such plane.
    """
    thetas = (trajectory.thetas if isinstance(trajectory, Trajectory) else trajectory).detach()
    if thetas.dim() != 2 or len(thetas) <= count or count < 1:
        raise ValueError(f"expected thetas [T, P] with T > {max(count, 1)}; got {tuple(thetas.shape)}")
    values, vectors = torch.linalg.eigh(_gram(thetas, centered))
    values, vectors = values.flip(0).clamp(min=0.0), vectors.flip(1)
    if not float(values[count - 1]) > _LEAST * float(values[0]):
        raise ValueError(f"expected a trajectory that spreads in {count} directions; it spreads in fewer: use between")
    basis = with_fixed_signs(_directions(thetas, centered, vectors[:, :count]))
    made = {
        "kind": "principal",
        "centered": centered,
        "thetas": len(thetas),
        "explained": (values / values.sum()).tolist(),
        "random_walk": random_walk(len(thetas), centered),
    }
    return Plane(thetas[-1].clone(), basis, made=made)


def random_walk(thetas: int, centered: bool) -> list[float]:
    """Return the share that each component of an isotropic random walk explains, with P >> T = `thetas`.

    The steps are then orthogonal and of one length, so that (theta_i - theta_n) . (theta_j - theta_n) = n - max(i, j).
    For long walks the shares are 6 / (pi k)^2 = 60.8 %, 15.2 %, ... about the mean (Antognini and Sohl-Dickstein 2018),
    and 8 / (pi (2 k - 1))^2 = 81.1 %, 9.0 %, ... about the last point.
    """
    number = torch.arange(thetas, dtype=torch.float64)
    gram = thetas - 1 - torch.maximum(number[:, None], number)
    if centered:
        gram = gram - gram.mean(0) - gram.mean(1, keepdim=True) + gram.mean()
    values = torch.linalg.eigvalsh(gram).flip(0).clamp(min=0.0)
    shares: list[float] = (values / values.sum()).tolist()
    return shares


def _gram(thetas: Tensor, centered: bool) -> Tensor:
    """Return the inner products [T, T] of the thetas about their mean or the last one; never a float64 copy of all."""
    gram = torch.zeros(len(thetas), len(thetas), dtype=torch.float64, device=thetas.device)
    for block in column_blocks(*thetas.shape):
        rows = _spread(thetas, centered, block)
        gram += rows @ rows.T
    return gram


def _directions(thetas: Tensor, centered: bool, vectors: Tensor) -> Tensor:
    """Return unit directions [K, P], from coefficients vectors [T, K] of the thetas' spread."""
    basis = torch.empty(vectors.shape[1], thetas.shape[1], dtype=torch.float64 if _is_double(thetas) else torch.float32)
    basis = basis.to(thetas.device)
    for block in column_blocks(*thetas.shape):
        basis[:, block] = (vectors.T @ _spread(thetas, centered, block)).to(basis.dtype)
    return (basis / lengths_and_cosines(basis)[0].to(basis.dtype)[:, None]).to(thetas.dtype)


def _is_double(thetas: Tensor) -> bool:
    return thetas.dtype == torch.float64


def _spread(thetas: Tensor, centered: bool, block: slice) -> Tensor:
    rows = thetas[:, block].double()
    return rows - (rows.mean(0) if centered else rows[-1])
