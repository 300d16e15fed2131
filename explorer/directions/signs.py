"""The sign of a direction that is only known up to its sign."""

import torch
from torch import Tensor


def with_fixed_signs(rows: Tensor) -> Tensor:
    """Return rows [K, P], each turned so that its entry of largest magnitude is positive."""
    largest = rows.gather(1, rows.abs().argmax(dim=1, keepdim=True))
    return rows * torch.where(largest < 0, -1.0, 1.0).to(rows.dtype)
