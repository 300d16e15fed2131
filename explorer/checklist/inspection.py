"""Inspection: what is being reported on, with the measurements that several findings share."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from torch import Tensor

from explorer.checklist.budget import Budget
from explorer.curvature import gradient_and_product
from explorer.grid import Grid
from explorer.landscape import Status, one_plane, status_of
from explorer.numerics.gram import inner_products, lengths_and_cosines
from explorer.objective import Objective
from explorer.plane import Plane

ROOM = 256 << 20
"""Bytes that may be taken for more than a few vectors [P]."""
_SHARE = 0.1
"""Of the sweep's own evaluations: what a whole report may cost, within these numbers of Hessian products."""
_FEWEST, _MOST = 20, 100
_PRODUCT = 6
"""Evaluations that a product with the Hessian costs, about."""


@dataclass(frozen=True, eq=False)
class Inspection:
    """A swept plane, and what is measured at its origin; each measurement is made once, when it is first asked for."""

    objective: Objective
    plane: Plane
    """Of several planes the first."""
    grid: Grid
    whole: xr.Dataset
    """Over the grid's labels, before them `seed` for several planes."""
    budget: Budget = field(default_factory=Budget)

    @cached_property
    def landscape(self) -> xr.Dataset:
        """The plane's own part of the whole, over the grid's labels alone."""
        return one_plane(self.whole)

    @property
    def products(self) -> int:
        """How many products with the Hessian the report may spend, about."""
        evaluations = int(self.evaluated.sum()) * (3 if "gradient" in self.landscape else 1)
        return int(min(max(_SHARE * evaluations / _PRODUCT, _FEWEST), _MOST))

    @cached_property
    def evaluated(self) -> NDArray[np.bool_]:
        """Which points of the grid were evaluated, neither interpolated nor failed."""
        return np.asarray(status_of(self.landscape, self.grid.labels) == Status.EVALUATED)

    @property
    def epsilon(self) -> float:
        """The relative rounding of one operation in the shortest dtype on the way to the objective."""
        return self.objective.rounding

    @property
    def range(self) -> float:
        """The highest minus the lowest finite loss of the picture; 0 where there is none."""
        loss = self.landscape["loss"].values if "loss" in self.landscape else np.zeros(1)
        finite = loss[np.isfinite(loss)]
        return float(finite.max() - finite.min()) if finite.size else 0.0

    def own_loss(self) -> float:
        """Return the loss that the model itself has, by calling it."""
        with self.budget.spend("evaluation"):
            return self.objective.own_value()["loss"]

    def loss_at(self, coords: list[float]) -> float:
        """Return the objective at coordinates [K] of the plane; at each but once."""
        at = tuple(coords)
        if at not in self._losses:
            # A term may call autograd itself; without a leaf that asks for a gradient nothing else is recorded.
            with self.budget.spend("evaluation"), torch.enable_grad():
                self._losses[at] = float(self.objective(self.plane.at(coords)).detach())
        return self._losses[at]

    @property
    def center_loss(self) -> float:
        """The objective at the plane's origin."""
        return self.loss_at([0.0] * len(self.plane.basis))

    @property
    def gradient(self) -> Tensor:
        """The objective's gradient [P] at the plane's origin."""
        return self._derivatives[0]

    def product(self, vector: Tensor) -> Tensor:
        """Return the Hessian at the plane's origin times a vector [P]."""
        multiply = self._derivatives[1]
        with self.budget.spend("product"):
            return _finished(multiply(vector))

    @cached_property
    def seen(self) -> Tensor:
        """[K, K], float64: the Hessian at the plane's origin between the vectors of `span`."""
        return torch.stack([self.along(self.product(vector)) for vector in self.span()])

    @property
    def is_large(self) -> bool:
        """Whether there is no room for more than a few vectors [P]."""
        return 3 * self.plane.origin.nbytes > ROOM

    def span(self) -> Iterator[Tensor]:
        """Yield K orthonormal vectors [P] that span what the plane's basis spans, one at a time."""
        for row in self._turn:
            yield row.to(self.plane.basis) @ self.plane.basis

    def along(self, vector: Tensor) -> Tensor:
        """Return the components [K], float64, of a vector [P] along `span`."""
        return (self._turn @ inner_products(self.plane.basis, vector[None]))[:, 0]

    @cached_property
    def _losses(self) -> dict[tuple[float, ...], float]:
        return {}

    @cached_property
    def _derivatives(self) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
        with self.budget.spend("gradient"):
            gradient, multiply = gradient_and_product(self.objective, self.plane.origin, keep=not self.is_large)
            return _finished(gradient), multiply

    @cached_property
    def _turn(self) -> Tensor:
        """[K, K], float64: times the basis, it gives the span."""
        lengths, cosines = lengths_and_cosines(self.plane.basis)
        turn: Tensor = torch.linalg.inv(torch.linalg.cholesky(cosines)) / lengths
        return turn

    def swept(self, coords: list[float]) -> float | None:
        """Return the loss at coordinates that are an evaluated point of the grid; None where there is none."""
        if "loss" not in self.landscape:
            return None
        place = []
        for axis, at in zip(self.grid.axes.values(), coords, strict=True):
            step = (axis.high - axis.low) / (axis.points - 1)
            nearest = int(np.abs(axis.values - at).argmin())
            if abs(axis.values[nearest] - at) > 1e-6 * step:
                return None
            place.append(nearest)
        point = tuple(place)
        return float(self.landscape["loss"].values[point]) if self.evaluated[point] else None


def _finished(found: Tensor) -> Tensor:
    """Return a tensor once it is there: a GPU works on while its time is taken."""
    if found.is_cuda:
        torch.cuda.synchronize(found.device)
    return found
