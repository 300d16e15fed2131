"""The smallest network: one tanh neuron with two parameters."""

import torch
from torch import Tensor, nn


class TanhNeuron(nn.Module):
    """yhat = tanh(w x + b), with 0-d parameters named w and b, in this order."""

    def __init__(self, w: float = 0.0, b: float = 0.0, dtype: torch.dtype = torch.float64) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.tensor(w, dtype=dtype))
        self.b = nn.Parameter(torch.tensor(b, dtype=dtype))

    def forward(self, x: Tensor) -> Tensor:
        """Return the prediction of every input, in the shape of x."""
        return torch.tanh(self.w * x + self.b)
