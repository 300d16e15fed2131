"""Modules that ask for more than views of theta, with data, and the placement that each gets."""

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from explorer.objective.placements import Placement

DRAWS = torch.Generator().manual_seed(0)
X, Y = torch.randn(7, 3, generator=DRAWS).double(), torch.randn(7, 2, generator=DRAWS).double()
IDS = torch.randint(5, (7, 4), generator=DRAWS)


class Checkpointed(nn.Module):
    """[D, 3] -> [D, 2], its hidden layer computed again in the backward pass."""

    def __init__(self, reentrant):
        super().__init__()
        self.reentrant = reentrant
        self.hidden, self.head = nn.Sequential(nn.Linear(3, 4), nn.Tanh()), nn.Linear(4, 2)

    def forward(self, x):
        # Reentrant checkpointing asks for an input that requires a gradient.
        x = x.clone().requires_grad_() if self.reentrant and torch.is_grad_enabled() else x
        return self.head(checkpoint(self.hidden, x, use_reentrant=self.reentrant))


class Sparse(nn.Module):
    """Token numbers [D, 4] -> [D, 2], with sparse gradients."""

    def __init__(self):
        super().__init__()
        self.embedding, self.head = nn.Embedding(5, 3, sparse=True), nn.Linear(3, 2)

    def forward(self, ids):
        return self.head(torch.tanh(self.embedding(ids).mean(1)))


class Clamped(nn.Module):
    """Keeps its weights within bounds as some training code does: in the forward pass, in place."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 2)

    def forward(self, x):
        with torch.no_grad():
            self.layer.weight.clamp_(-3.0, 3.0)
        return torch.tanh(self.layer(x))


def require_gradient(module, given, out):
    """A hook: it returns nothing, and so changes nothing else."""
    out.requires_grad_()


class Hooked(nn.Module):
    """Asks for gradients by what its first layer puts out, as adapters on frozen models do."""

    def __init__(self):
        super().__init__()
        self.first, self.head = nn.Linear(3, 4), nn.Linear(4, 2)
        self.first.register_forward_hook(require_gradient)

    def forward(self, x):
        return self.head(torch.tanh(self.first(x)))


MODELS = {
    "checkpoint": (lambda: Checkpointed(False), X, Placement.LEAVES),
    "reentrant": (lambda: Checkpointed(True), X, Placement.IN_PLACE),
    "sparse": (Sparse, IDS, Placement.LEAVES),
    "clamp in place": (Clamped, X, Placement.LEAVES),
    "hook": (Hooked, X, Placement.VIEWS),
}


def made(kind):
    torch.manual_seed(1)
    return MODELS[kind][0]().double()
