"""A model of three parameters for the command line, as slow as one likes."""

import time

import torch
from torch import Tensor, nn

from explorer import Objective


class Bowl(nn.Module):
    """L = theta^T diag(1, 2, 4) theta, at theta = (1, 1, 1)."""

    def __init__(self) -> None:
        super().__init__()
        self.theta = nn.Parameter(torch.ones(3, dtype=torch.float64))
        self.register_buffer("curvature", torch.tensor([1.0, 2.0, 4.0], dtype=torch.float64))

    def forward(self) -> Tensor:
        return (self.curvature * self.theta**2).sum()


def objective(depth: float = 0.0, wait: float = 0.0) -> Objective:
    """The bowl, `depth` higher; each evaluation takes `wait` seconds, and one point at a time."""

    def bowl(model: nn.Module) -> Tensor:
        if wait:
            time.sleep(wait)
            # A look at a number forbids vmap, which would wait once for many points.
            float(next(model.parameters()).detach()[0])
        return model() + depth

    return Objective(Bowl(), terms={"bowl": bowl})


def raises() -> Objective:
    """A factory with a mistake in it."""
    raise RuntimeError("the data are on another machine")


def returns() -> nn.Module:
    """A factory of something else."""
    return Bowl()
