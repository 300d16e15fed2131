"""Every minimum of the tanh neuron on given data, certified, and what lies at infinity."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from experiments.derivatives import local
from experiments.edge_minima import on_creases
from experiments.kink_minima import KinkMinimum, at_vertices
from experiments.one_input import line_of_minima
from experiments.plateaus import Plateau, lowest_plateau
from experiments.smooth_minima import describe, find
from explorer.study import Minima, Minimum, TargetSet
from models.losses import MAE, Huber

# A loss this much lower than every certified one was not reached by rounding.
_LOWER = 1e-9
_ON_CREASE = 1e-7


@dataclass(frozen=True)
class _Scaling:
    """x = middle + half * u with u in [-1, 1]: w u-steep is w / half x-steep, so the search meets one scale only."""

    middle: float
    half: float

    def scaled(self, x: Tensor) -> Tensor:
        return (x - self.middle) / self.half

    def original(self, theta: Tensor) -> Tensor:
        w = theta[..., 0] / self.half
        return torch.stack((w, theta[..., 1] - w * self.middle), dim=-1)


def minima(target: TargetSet, loss: nn.Module) -> Minima:
    """Return all isolated minima, ascending by loss, or the line of them, and the lowest value at infinity.

    Smooth minima come from Newton descents out of several hundred starts and are certified by a vanishing gradient
    and positive curvature; those of `MAE` by the subdifferential at corners and along creases.
    """
    x, y = target.x, target.y
    if bool((x == x[0]).all()):
        return line_of_minima(loss, x, y)
    points, lowest = _kinked(x, y, loss) if isinstance(loss, MAE) else _smooth(x, y, loss)
    points = tuple(sorted(points, key=lambda minimum: minimum.loss))
    plateau = lowest_plateau(loss, x, y)
    return Minima(points, None, plateau.value, _note(points, plateau, lowest))


def _scaling(x: Tensor) -> _Scaling:
    low, high = float(x.min()), float(x.max())
    return _Scaling((high + low) / 2, (high - low) / 2)


def _smooth(x: Tensor, y: Tensor, loss: nn.Module) -> tuple[tuple[Minimum, ...], float]:
    scaling = _scaling(x)
    u = scaling.scaled(x)
    more = None
    if isinstance(loss, Huber):
        # With a small delta the surface is the absolute error with rounded creases: begin at its minima.
        corners = [kink.theta for kink in (*at_vertices(u, y)[0], *on_creases(u, y))]
        more = torch.tensor(corners, dtype=u.dtype).reshape(-1, 2)
    thetas, lowest = find(loss, u, y, more)
    return tuple(describe(loss, theta, x, y) for theta in scaling.original(thetas)), lowest


def corners(x: Tensor, y: Tensor, loss: MAE) -> tuple[tuple[Minimum, ...], Tensor]:
    """Return the minima of the mean absolute error on its creases for inputs x [D], not all equal, and targets y [D],
    ascending by loss; and the corners (w, b) [W, 2] that are flat to first order."""
    scaling = _scaling(x)
    u = scaling.scaled(x)
    sharp, flat = at_vertices(u, y)
    found = (_describe_kink(loss, kink, scaling, x, y) for kink in (*sharp, *on_creases(u, y)))
    return tuple(sorted(found, key=lambda minimum: minimum.loss)), scaling.original(flat)


def _kinked(x: Tensor, y: Tensor, loss: MAE) -> tuple[tuple[Minimum, ...], float]:
    scaling = _scaling(x)
    u = scaling.scaled(x)
    kinks, flat = corners(x, y, loss)
    thetas, lowest = find(loss, u, y)
    off_crease = (torch.tanh(thetas[:, :1] * u + thetas[:, 1:]) - y).abs().amin(dim=1) > _ON_CREASE
    smooth = (describe(loss, theta, x, y) for theta in scaling.original(thetas[off_crease]))
    flat_loss = float(local(loss, flat, x, y).value.min()) if len(flat) else math.inf
    return (*smooth, *kinks), min(lowest, flat_loss)


def _describe_kink(loss: nn.Module, kink: KinkMinimum, scaling: _Scaling, x: Tensor, y: Tensor) -> Minimum:
    theta = scaling.original(torch.tensor(kink.theta, dtype=x.dtype))
    names = ", ".join(str(point) for point in kink.points)
    where = "kink vertex of points" if len(set(x[list(kink.points)].tolist())) > 1 else "on the kink line of point"
    value = float(loss(torch.tanh(theta[0] * x + theta[1]), y))
    return Minimum((float(theta[0]), float(theta[1])), value, None, f"{where} {names}, margin {kink.margin:.3g}")


def _note(points: tuple[Minimum, ...], plateau: Plateau, lowest: float) -> str:
    """Say what the list of minima does not: a lower place at infinity, or a flat that is lower than all."""
    best = min((minimum.loss for minimum in points), default=math.inf)
    if lowest < min(best, plateau.value) - _LOWER * (1 + abs(lowest)):
        return f"L falls to {lowest:.5g} on a flat or a curve of equal loss, where no single point is lowest"
    towards = f"L decreases towards {plateau.value:.5g} as {plateau.direction}"
    if not points:
        return f"no finite minimum: {towards}"
    if plateau.value < best - _LOWER * (1 + abs(best)):
        return f"the lowest finite minimum is a local one: {towards}"
    return ""
