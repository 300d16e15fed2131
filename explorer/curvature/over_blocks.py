"""Hessian products of a whole objective, summed over the blocks of its data."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from explorer.curvature.double_backward import backward_over_backward
from explorer.curvature.products import Product, Scalar, forward_over_reverse, reverse_over_reverse
from explorer.numerics.turn import TURN
from explorer.objective import Objective
from explorer.objective.batching import CANNOT_TRANSFORM
from explorer.objective.blocks import Part, weighted_sum


def hessian_product(objective: Objective, theta: Tensor) -> Callable[[Tensor], Tensor]:
    """Return the function vector [P] -> H(theta) @ vector [P], with H the Hessian of the whole objective at theta [P].

    A mean over all samples, whatever the sizes of the blocks. How a block is multiplied is found by trying, at the
    price of one product: forward over reverse, reverse over reverse, or ordinary backward passes (an LSTM).
    """
    with TURN:
        product = _allowed(next(iter(objective.parts())), theta)

    def multiply(vector: Tensor) -> Tensor:
        def own(part: Part) -> dict[str, Tensor]:
            return {"product": product(part, theta, vector).detach()}

        with TURN:
            return weighted_sum((part.share, own(part)) for part in objective.parts())["product"]

    return multiply


def _allowed(f: Scalar, theta: Tensor) -> Product:
    ways: Sequence[Product] = (forward_over_reverse, reverse_over_reverse)
    for way in ways:
        try:
            way(f, theta, torch.ones_like(theta))
        except CANNOT_TRANSFORM:
            continue
        return way
    return backward_over_backward
