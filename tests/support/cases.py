"""Objectives that know their own answer."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

import models
from explorer import Objective


class Bowl(nn.Module):
    """L = (theta - center)^T H (theta - center) / 2 + depth, with its gradient and Hessian."""

    def __init__(self, hessian: Tensor, center: Tensor, depth: float = 0.0) -> None:
        super().__init__()
        self.theta = nn.Parameter(torch.zeros_like(center))
        self.register_buffer("hessian", hessian)
        self.register_buffer("center", center)
        self.depth = depth

    def forward(self) -> Tensor:
        away = self.theta - self.center
        return away @ self.hessian @ away / 2 + self.depth

    def gradient(self, theta: Tensor) -> Tensor:
        return self.hessian @ (theta - self.center)


def bowl(parameters: int = 5, seed: int = 0, dtype: torch.dtype = torch.float64) -> tuple[Bowl, Objective]:
    """A bowl with a random positive definite Hessian of order 1."""
    generator = torch.Generator().manual_seed(seed)
    root = torch.randn(parameters, parameters, generator=generator, dtype=torch.float64)
    hessian = root @ root.T / parameters + torch.eye(parameters, dtype=torch.float64)
    center = torch.randn(parameters, generator=generator, dtype=torch.float64)
    model = Bowl(hessian.to(dtype), center.to(dtype), depth=0.5)
    return model, Objective(model, terms={"bowl": lambda model: model()})


@dataclass(frozen=True)
class LeastSquares:
    """Mean squared error of a linear model without bias: gradient 2/D X^T (X theta - y), Hessian 2/D X^T X."""

    x: Tensor
    y: Tensor

    @property
    def objective(self) -> Objective:
        model = nn.Linear(self.x.shape[1], 1, bias=False, dtype=self.x.dtype)
        return Objective(model, models.LOSSES["mse"](), (self.x, self.y[:, None]))

    @property
    def hessian(self) -> Tensor:
        return 2 / len(self.x) * self.x.T @ self.x

    def loss(self, theta: Tensor) -> Tensor:
        return (self.x @ theta - self.y).square().mean()

    def gradient(self, theta: Tensor) -> Tensor:
        return 2 / len(self.x) * self.x.T @ (self.x @ theta - self.y)


def least_squares(samples: int = 20, parameters: int = 4, seed: int = 0) -> LeastSquares:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(samples, parameters, generator=generator, dtype=torch.float64)
    return LeastSquares(x, torch.randn(samples, generator=generator, dtype=torch.float64))


@dataclass(frozen=True)
class Neuron:
    """tanh(w x + b) with mean squared error; T = tanh(z), s = 1 - T^2, r = T - y, phi = (x, 1)."""

    x: Tensor
    y: Tensor

    @property
    def objective(self) -> Objective:
        return Objective(models.MODELS["tanh_neuron"](dtype=self.x.dtype), models.LOSSES["mse"](), (self.x, self.y))

    def loss(self, w: float, b: float) -> Tensor:
        return (torch.tanh(w * self.x + b) - self.y).square().mean()

    def gradient(self, w: float, b: float) -> Tensor:
        """mean of 2 r s phi, [2]."""
        t = torch.tanh(w * self.x + b)
        slope = 2 * (t - self.y) * (1 - t**2)
        return torch.stack([(slope * self.x).mean(), slope.mean()])

    def hessian(self, w: float, b: float) -> Tensor:
        """mean of (2 s^2 - 4 r T s) phi phi^T, [2, 2]."""
        t = torch.tanh(w * self.x + b)
        s = 1 - t**2
        factor = 2 * s**2 - 4 * (t - self.y) * t * s
        phi = torch.stack([self.x, torch.ones_like(self.x)])
        return (factor * phi) @ phi.T / len(self.x)


def neuron(dtype: torch.dtype = torch.float64) -> Neuron:
    """Seven points, no symmetry, one target out of reach."""
    x = torch.tensor([-2.0, -1.1, -0.3, 0.4, 0.9, 1.6, 2.2], dtype=dtype)
    y = torch.tensor([-0.9, -0.7, 0.1, 0.2, 0.8, 1.3, 0.6], dtype=dtype)
    return Neuron(x, y)
