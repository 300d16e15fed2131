"""Networks with a step of the caller's own between two layers."""

import torch
from torch import nn

from explorer import Objective
from tests.support.samples import drawn, labels


class Written(nn.Module):
    """Two layers with a step between them."""

    def __init__(self, step):
        super().__init__()
        self.first, self.last, self.step = nn.Linear(5, 8), nn.Linear(8, 3), step

    def forward(self, x):
        return self.last(self.step(self.first(x)))


def with_step(step):
    torch.manual_seed(0)
    return Objective(Written(step).double(), nn.CrossEntropyLoss(), (drawn(20, 5), labels(20, 3)))


def written_through_a_view(h):
    turned = h.t()
    h.add_(1.0)
    return turned.t() + h


def written_to_a_part(h):
    zeros = torch.zeros_like(h)
    zeros[:, 0] = h[:, 1]
    return zeros + h


HIDDEN_FROM_A_TRACE = {
    "a mask": lambda h: h + h[h > 0].mean(),
    "nonzero": lambda h: h * (len((h > 0).nonzero()) / len(h)),
    "a number": lambda h: h * (1.0 + (h.sum() > 0).item()),
    "a branch": lambda h: h if h.sum() > 0 else -h,
    "a list": lambda h: h if max(h[0].tolist()) > 0 else -h,
    "NumPy": lambda h: h if h.detach().numpy().max() > 1 else -h,
    "random numbers": lambda h: h * (1 + 0 * torch.rand_like(h)),
    "a write through a view": written_through_a_view,
    "a write to a part": written_to_a_part,
}
"""Steps that a trace cannot hold: what they do depends on values, on chance, or on who else sees their memory."""
