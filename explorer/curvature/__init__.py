"""Second derivatives of a scalar function of theta."""

from explorer.curvature.double_backward import projected_hessian_by_backward
from explorer.curvature.products import forward_over_reverse, product_for, reverse_over_reverse
from explorer.curvature.projected import projected_hessian

__all__ = [
    "forward_over_reverse",
    "product_for",
    "projected_hessian",
    "projected_hessian_by_backward",
    "reverse_over_reverse",
]
