"""How rugged is a slice? Numbers to go with the picture."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import explorer
from explorer.directions import gaussian

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Ruggedness:
    """What filter-normalized random planes show, an entry for each seed of directions."""

    edge_loss: tuple[float, ...]
    """As `edge_loss`."""
    local_minima: tuple[int, ...]
    """As `local_minima`."""
    negative: tuple[float, ...]
    """`negative_share` of `second_differences`: how the slice bends between one grid point and the next."""
    negative_at_points: float
    """`negative_share` of the Hessian by autograd, for the first seed alone: it costs ten times as much a point. It
    knows nothing of the kinks of a network of ReLUs, between which the loss may bend up everywhere and still go up and
    down."""


def ruggedness(
    objective: explorer.Objective,
    seeds: Sequence[int],
    radius: float,
    points: int = 15,
    coarse: int = 5,
    progress: bool = True,
) -> Ruggedness:
    """Measure planes of several seeds on a grid [points, points], the first's curvature on [coarse, coarse]."""
    planes = [gaussian(objective, seed=seed) for seed in seeds]
    fine, rough = (explorer.Grid.square(radius, number) for number in (points, coarse))
    loss = explorer.sweep(objective, planes, fine, quantities=("loss",), report=False, progress=progress)
    bent = explorer.sweep(objective, planes[0], rough, quantities=("curvature",), report=False, progress=progress)
    # A single plane has no dimension `seed`.
    losses = loss["loss"].values.reshape(-1, points, points)
    return Ruggedness(
        tuple(edge_loss(each) for each in losses),
        tuple(local_minima(each) for each in losses),
        tuple(negative_share(second_differences(each)) for each in losses),
        negative_share(bent["curvature"].values),
    )


def edge_loss(loss: Floats) -> float:
    """Return the median of a loss [A, B] over the border of its window."""
    inside = np.zeros(loss.shape, bool)
    inside[1:-1, 1:-1] = True
    return float(np.median(loss[~inside]))


def local_minima(loss: Floats) -> int:
    """Return how many inner points of a loss [A, B] are lower than all eight neighbors.

    It counts what this grid can see: a finer one may show more of them, or fewer. Beside a NaN nothing is counted.
    """
    rows, columns = loss.shape
    shifts = [(i, j) for i in range(3) for j in range(3) if (i, j) != (1, 1)]
    around = [loss[i : i + rows - 2, j : j + columns - 2] for i, j in shifts]
    return int((loss[1:-1, 1:-1] < np.minimum.reduce(around)).sum())


def second_differences(loss: Floats) -> Floats:
    """Return the Hessian [A - 2, B - 2, 2, 2] of a loss [A, B] per grid step, by central differences; float64."""
    z = np.asarray(loss, dtype=np.float64)
    middle = 2 * z[1:-1, 1:-1]
    rows, columns = z[2:, 1:-1] - middle + z[:-2, 1:-1], z[1:-1, 2:] - middle + z[1:-1, :-2]
    mixed = (z[2:, 2:] - z[2:, :-2] - z[:-2, 2:] + z[:-2, :-2]) / 4
    return np.stack((np.stack((rows, mixed), axis=-1), np.stack((mixed, columns), axis=-1)), axis=-1)


def negative_share(curvature: Floats) -> float:
    """Return at what share of points the Hessian in the plane [..., 2, 2] has a negative eigenvalue.

    Where the plane bends down, so does the loss; where it does not, the loss still may, along other directions. Points
    that are not finite are left out.

    Raises:
        ValueError: no point is finite.
    """
    matrices = np.asarray(curvature, dtype=np.float64).reshape(-1, 2, 2)
    finite = matrices[np.isfinite(matrices).all(axis=(1, 2))]
    if not len(finite):
        raise ValueError(f"expected finite curvatures [..., 2, 2]; none of {len(matrices)} is")
    values = np.linalg.eigvalsh((finite + finite.transpose(0, 2, 1)) / 2)
    # An eigenvalue of zero comes out as rounding of the other one, of either sign.
    noise = np.finfo(curvature.dtype).eps * np.abs(values).max(axis=1)
    return float((values[:, 0] < -noise).mean())
