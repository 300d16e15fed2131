"""The plane of a trajectory's own principal directions."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from explorer.checkpoints import Checkpoint
from explorer.checkpoints.trajectory import PARTS, Trajectory
from explorer.directions.signs import with_fixed_signs
from explorer.numerics.gram import column_blocks, lengths_and_cosines
from explorer.plane import Plane
from explorer.signature import checked

_LEAST = 1e-12
"""A component with less than this share of the first one's sum of squares is rounding."""


@checked
def principal(
    trajectory: Trajectory | Tensor | Mapping[str, Trajectory], centered: bool = False, count: int = 2
) -> Plane:
    """Return the plane through the last theta along the directions in which a trajectory spreads most.

    Unit and orthogonal; the sign is fixed: the entry of largest magnitude is positive. `made` holds the share that each
    of the T components explains ("explained"), beside the share that an isotropic random walk of T thetas in infinitely
    many dimensions would ("random_walk"): only what is well above that says something about the training. The first and
    last of a trajectory that has buffers, such as BatchNorm's statistics, travel with the plane as checkpoints of these
    names, so that a report can say what the plane makes of them.

    Args:
        trajectory: thetas [T, P], in order; or several trajectories by name, whose thetas are taken together: the plane
            is through the last theta of the first, and the walks to compare with are as many, from one start. Where
            the starts differ there are no such walks, and no "random_walk".
        centered: spread about the mean of the thetas (variance), instead of about the last one. Li et al. (2018)
            write the latter and compute the former; the plane passes through the last theta either way.
        count: K, how many directions.

    Raises:
        ValueError: fewer than count + 1 thetas, thetas that span no such plane or are not finite, or trajectories that
            do not fit.
    """
    runs = _runs(trajectory)
    if sum(map(len, runs)) <= count or count < 1:
        raise ValueError(f"expected thetas [T, P] with T > {max(count, 1)}; got {tuple(runs[0].shape)}")
    thetas, last = runs[0] if len(runs) == 1 else torch.cat(runs), len(runs[0]) - 1
    gram = _gram(thetas, last, centered)
    if not bool(gram.isfinite().all()):
        raise ValueError("expected finite thetas; got NaN or infinite ones: leave out what came after the divergence")
    values, vectors = torch.linalg.eigh(gram)
    values, vectors = values.flip(0).clamp(min=0.0), vectors.flip(1)
    if not float(values[count - 1]) > _LEAST * float(values[0]):
        raise ValueError(f"expected a trajectory that spreads in {count} directions; it spreads in fewer: use between")
    basis = with_fixed_signs(_directions(thetas, last, centered, vectors[:, :count]))
    made = {
        "kind": "principal",
        "centered": centered,
        "thetas": len(thetas),
        "explained": (values / values.sum()).tolist(),
    }
    if all(torch.equal(run[0], runs[0][0]) for run in runs):
        made["random_walk"] = random_walk([len(run) for run in runs], centered)
    if len(runs) > 1:
        made["runs"] = [len(run) for run in runs]
    return Plane(thetas[last].clone(), basis, made=made, ends=_ends(trajectory))


def random_walk(lengths: Sequence[int], centered: bool) -> list[float]:
    """Return the share that each component of isotropic random walks from one start explains, with P >> T; `lengths`
    counts the thetas of each.

    The steps are then orthogonal and of one length, so that seen from the start theta_i . theta_j = min(i, j) within a
    walk and 0 between two. For one long walk the shares are 6 / (pi k)^2 = 60.8 %, 15.2 %, ... about the mean
    (Antognini and Sohl-Dickstein 2018), and 8 / (pi (2 k - 1))^2 = 81.1 %, 9.0 %, ... about the last point.
    """
    numbers = (torch.arange(length, dtype=torch.float64) for length in lengths)
    together: Any = torch.block_diag
    gram: Tensor = together(*(torch.minimum(number[:, None], number) for number in numbers))
    # The inner products with the point that the spread is about, and its own square.
    beside = gram.mean(0) if centered else gram[lengths[0] - 1]
    itself = gram.mean() if centered else gram[lengths[0] - 1, lengths[0] - 1]
    values = torch.linalg.eigvalsh(gram - beside - beside[:, None] + itself).flip(0).clamp(min=0.0)
    shares: list[float] = (values / values.sum()).tolist()
    return shares


def _runs(trajectory: Trajectory | Tensor | Mapping[str, Trajectory]) -> list[Tensor]:
    """Return the thetas [T, P] of each trajectory."""
    several = list(trajectory.values()) if isinstance(trajectory, Mapping) else [trajectory]
    runs = [(each.thetas if isinstance(each, Trajectory) else each).detach() for each in several]
    kinds = {(run.shape[1:], run.dtype, run.device) for run in runs}
    if not runs or any(run.dim() != 2 or len(run) == 0 for run in runs):
        raise ValueError(f"expected thetas [T, P]; got {[tuple(run.shape) for run in runs]}")
    other = next((run.dtype for run in runs if not run.is_floating_point()), None)
    if other is not None:
        raise ValueError(f"expected thetas [T, P], floating point; got {other}" + f": {PARTS}" * other.is_complex)
    if len(kinds) > 1:
        found = ", ".join(f"{tuple(run.shape)} in {run.dtype} on {run.device}" for run in runs)
        raise ValueError(f"expected trajectories of one P and dtype on one device; got {found}")
    return runs


def _ends(trajectory: Trajectory | Tensor | Mapping[str, Trajectory]) -> dict[str, Checkpoint]:
    """Return the first and last of each trajectory whose buffers are known."""
    several = dict(trajectory) if isinstance(trajectory, Mapping) else {"": trajectory}
    found = {}
    for run, each in several.items():
        if not isinstance(each, Trajectory) or not each.buffers:
            continue
        for name, place in (("first", 0), ("last", len(each) - 1)):
            called = f"{run}, {name}" if len(several) > 1 else name
            found[called] = Checkpoint(each.thetas[place].detach().clone(), each.buffers[place])
    return {name: end for name, end in found.items() if end.buffers}


def _gram(thetas: Tensor, last: int, centered: bool) -> Tensor:
    """Return the inner products [T, T] of the thetas about their mean or one of them; never a float64 copy of all."""
    gram = torch.zeros(len(thetas), len(thetas), dtype=torch.float64, device=thetas.device)
    for block in column_blocks(*thetas.shape):
        rows = _spread(thetas, last, centered, block)
        gram += rows @ rows.T
    return gram


def _directions(thetas: Tensor, last: int, centered: bool, vectors: Tensor) -> Tensor:
    """Return unit directions [K, P], from coefficients vectors [T, K] of the thetas' spread."""
    basis = torch.empty(vectors.shape[1], thetas.shape[1], dtype=torch.float64 if _is_double(thetas) else torch.float32)
    basis = basis.to(thetas.device)
    for block in column_blocks(*thetas.shape):
        basis[:, block] = (vectors.T @ _spread(thetas, last, centered, block)).to(basis.dtype)
    return (basis / lengths_and_cosines(basis)[0].to(basis.dtype)[:, None]).to(thetas.dtype)


def _is_double(thetas: Tensor) -> bool:
    return thetas.dtype == torch.float64


def _spread(thetas: Tensor, last: int, centered: bool, block: slice) -> Tensor:
    rows = thetas[:, block].double()
    return rows - (rows.mean(0) if centered else rows[last])
