"""Second derivatives of a scalar function of theta, and of a whole objective."""

from explorer.curvature.double_backward import backward_over_backward, projected_hessian_by_backward
from explorer.curvature.kept_graph import gradient_and_product
from explorer.curvature.lanczos import Extremes, extreme_eigenvalues
from explorer.curvature.over_blocks import hessian_product
from explorer.curvature.products import forward_over_reverse, product_for, reverse_over_reverse
from explorer.curvature.projected import projected_hessian
from explorer.objective.derivatives import full_gradient

__all__ = [
    "Extremes",
    "backward_over_backward",
    "extreme_eigenvalues",
    "forward_over_reverse",
    "full_gradient",
    "gradient_and_product",
    "hessian_product",
    "product_for",
    "projected_hessian",
    "projected_hessian_by_backward",
    "reverse_over_reverse",
]
