"""Data drawn from a seed."""

import torch
from torch import Tensor


def drawn(*shape: int, seed: int = 3) -> Tensor:
    """Standard normal numbers in float64."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def labels(count: int, classes: int, seed: int = 4) -> Tensor:
    """Numbers of classes [count]."""
    return torch.randint(0, classes, (count,), generator=torch.Generator().manual_seed(seed))
