"""The Hessian seen in a plane."""

from torch import Tensor
from torch.func import vmap

from explorer.curvature.products import Product, Scalar, forward_over_reverse


def projected_hessian(f: Scalar, theta: Tensor, basis: Tensor, product: Product = forward_over_reverse) -> Tensor:
    """Return basis H(theta) basis^T [K, K]: the second derivatives along the plane's own coordinates.

    Chain rule for f(theta + coords @ basis); K products with the Hessian, which is never formed.

    Args:
        f: theta [P] -> scalar.
        theta: where [P].
        basis: directions [K, P], of any length.
        product: how to multiply by the Hessian.
    """
    rows: Tensor = vmap(lambda direction: product(f, theta, direction))(basis)
    return rows @ basis.T
