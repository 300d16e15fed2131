"""What a check measures at the learner's visits: residuals, losses and the gradient, by torch."""

from collections.abc import Sequence
from types import MappingProxyType

import torch
from torch import Tensor, nn

from experiments.losses import DELTA
from experiments.targets import TARGETS
from explorer.study import Visit
from models import LOSSES

HIDDEN = MappingProxyType({"hidden-1": "huber", "hidden-2": "mae", "hidden-3": "log_cosh", "hidden-4": "mse"})
"""Loss names that the page shows without telling, and the loss behind each."""


def open_name(loss: str) -> str:
    """Return the loss behind a hidden name, any other name unchanged."""
    return HIDDEN.get(loss, loss)


def delta_of(visit: Visit) -> float:
    """Return Huber's delta at a visit, whichever loss it is about."""
    return visit.parameters[DELTA.name]


def loss_module(loss: str, delta: float) -> nn.Module:
    """Return the loss by name or hidden name; `delta` is used by Huber alone."""
    name = open_name(loss)
    return LOSSES[name](delta=delta) if name == "huber" else LOSSES[name]()


def residuals(target: str, w: Tensor, b: Tensor) -> Tensor:
    """Return tanh(w x + b) - y at every point of a target set: w [...], b [...] -> [..., D]."""
    data = TARGETS[target]
    return torch.tanh(w[..., None] * data.x + b[..., None]) - data.y


def losses_at(visits: Sequence[Visit]) -> Tensor:
    """Return L [N] at N visits that share target, loss and delta with the last one."""
    last = visits[-1]
    w, b = torch.tensor([(visit.w, visit.b) for visit in visits], dtype=torch.float64).T
    each = residuals(last.target, w, b)
    loss = loss_module(last.loss, delta_of(last))
    return torch.stack([loss(row, torch.zeros_like(row)) for row in each])


def loss_at(visit: Visit) -> float:
    """Return L at one visit."""
    return float(losses_at([visit]))


def gradient_at(visit: Visit) -> tuple[float, float]:
    """Return (dL/dw, dL/db) at one visit, by backward()."""
    w = torch.tensor(visit.w, dtype=torch.float64, requires_grad=True)
    b = torch.tensor(visit.b, dtype=torch.float64, requires_grad=True)
    residual = residuals(visit.target, w, b)
    value = loss_module(visit.loss, delta_of(visit))(residual, torch.zeros_like(residual))
    dw, db = torch.autograd.grad(value, (w, b))
    return float(dw), float(db)
