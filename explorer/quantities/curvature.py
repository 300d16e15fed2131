"""Curvature: the Hessian seen in the plane, basis H basis^T."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from torch import Tensor

from explorer.curvature import product_for, projected_hessian, projected_hessian_by_backward
from explorer.curvature.products import Product
from explorer.objective import Objective
from explorer.objective.batching import Many
from explorer.objective.blocks import Part
from explorer.plane import Plane
from explorer.quantities.quantity import Dims, Footprint


@dataclass(frozen=True)
class Curvature:
    """The second derivatives along the plane's own coordinates [N, K, K]."""

    name: str = "curvature"

    def dims(self, objective: Objective, labels: Sequence[str]) -> Dims:
        """Return the directions, twice."""
        return {"direction": labels, "direction_2": labels}

    def bytes(self, point: Footprint) -> int:
        """Return what it takes: forward over reverse keeps value and tangent of forward and backward, for every
        direction."""
        return (2 * point.directions + 2) * point.graph + point.evaluation

    def at_block(self, plane: Plane, many: Many) -> Callable[[Part, Tensor], Tensor]:
        """Return the function (block of data, thetas [N, P]) -> basis H basis^T [N, K, K]."""
        products: list[Product] = []

        def measure(part: Part, thetas: Tensor) -> Tensor:
            if not many.batched:
                by_backward: Tensor = many(partial(projected_hessian_by_backward, part, basis=plane.basis))(thetas)
                return by_backward
            if not products:
                products.append(product_for(part, plane.origin))
            found: Tensor = many(partial(projected_hessian, part, basis=plane.basis, product=products[0]))(thetas)
            return found

        return measure


CURVATURE = Curvature()
