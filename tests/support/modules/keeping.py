"""Modules that compute something from their weights at the first call and keep it, with data."""

import torch
from torch import nn

DRAWS = torch.Generator().manual_seed(1)
X, Y = torch.randn(9, 3, generator=DRAWS).double(), torch.randn(9, 1, generator=DRAWS).double()
DATA = X, Y


class Plain(nn.Module):
    """[D, 3] -> [D, 1], with twice the weight of its first layer."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.first, self.head = nn.Linear(3, 4).double(), nn.Linear(4, 1).double()
        self.prepare()

    def prepare(self):
        pass

    def doubled(self):
        return 2 * self.first.weight

    def forward(self, x):
        return self.head(torch.tanh(x @ self.doubled().T + self.first.bias))


class EmptyBuffer(Plain):
    def prepare(self):
        self.register_buffer("kept", None)

    def doubled(self):
        if self.kept is None:
            self.kept = super().doubled()
        return self.kept


class LateBuffer(Plain):
    def doubled(self):
        if not hasattr(self, "kept"):
            self.register_buffer("kept", super().doubled())
        return self.kept


class LateModule(Plain):
    def doubled(self):
        if not hasattr(self, "copy"):
            self.copy = nn.Linear(3, 4).double()
            self.copy.weight = nn.Parameter(super().doubled().detach())
        return self.copy.weight
