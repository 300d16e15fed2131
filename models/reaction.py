"""A two-parameter trial function for the reaction equation u' = rho u (1 - u)."""

import torch
from torch import Tensor, nn


class Reaction(nn.Module):
    """uhat(t) = (1 + tanh(w t + b)) / 2, which contains every logistic curve.

    The exact solution of u' = rho u (1 - u), u(0) = u0 is w = rho/2, b = ln(u0 / (1 - u0)) / 2.
    """

    def __init__(self, w: float = 0.0, b: float = 0.0, dtype: torch.dtype = torch.float64) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.tensor(w, dtype=dtype))
        self.b = nn.Parameter(torch.tensor(b, dtype=dtype))

    def forward(self, t: Tensor) -> Tensor:
        """Return uhat at every time, in the shape of t."""
        return (1 + torch.tanh(self.w * t + self.b)) / 2
