"""A whole matrix from products, where it is small."""

from collections.abc import Callable

import torch
from torch import Tensor


def dense_matrix(product: Callable[[Tensor], Tensor], like: Tensor) -> Tensor:
    """Return a symmetric matrix [P, P], in float64 on the CPU, from P products with it.

    Args:
        product: vector [P] -> matrix @ vector [P].
        like: a tensor [P] of the vectors' dtype and device.
    """
    rows = [product(row) for row in torch.eye(len(like), dtype=like.dtype, device=like.device)]
    matrix = torch.stack(rows).double().cpu()
    return (matrix + matrix.T) / 2
