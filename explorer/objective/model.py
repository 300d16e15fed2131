"""Binding: a model whose parameters are a theta, to be called at any other."""

import copy
import threading
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from explorer.errors import ObjectiveError
from explorer.numerics.rounding import exact_products
from explorer.objective.copies import converted, differentiable_layers
from explorer.objective.parameters import Layout
from explorer.objective.terms import Outcome

Evaluate = Callable[..., Outcome]
"""(model, *what a problem takes beside it) -> what was measured of it."""


class Binding:
    """A model with its parameters as views of theta [P], so that they take memory once.

    Args:
        model: taken over; never changed by a call.
        layout: which of its parameters theta holds, and where.
    """

    def __init__(self, model: nn.Module, layout: Layout, theta: Tensor | None = None) -> None:
        params: dict[str, Tensor] = dict(model.named_parameters())
        self.layout = layout
        self.theta = layout.flatten(params) if theta is None else theta
        for name, view in layout.unflatten(self.theta).items():
            params[name].data = view
        self._bound = _Bound(model)
        self._buffers = {f"model.{name}": buffer for name, buffer in model.named_buffers()}
        self._recurrent = self.theta.is_cuda and any(isinstance(module, nn.RNNBase) for module in model.modules())
        self._lock = threading.Lock()

    @property
    def model(self) -> nn.Module:
        """The model, for looking at."""
        return self._bound.model

    @property
    def rest(self) -> dict[str, Tensor]:
        """What of the model theta does not hold: other parameters, and buffers."""
        others = {name: p for name, p in self.model.named_parameters() if name not in self.layout.shapes}
        return {**others, **dict(self.model.named_buffers())}

    def call(self, theta: Tensor, evaluate: Evaluate, *given: Any) -> Outcome:
        """Return evaluate(model at theta, *given); differentiable by theta [P], and good inside `vmap`.

        Raises:
            ObjectiveError: theta has another shape or dtype than the model's own.
        """
        if theta.shape != self.theta.shape or theta.dtype != self.theta.dtype:
            raise ObjectiveError(
                f"expected theta of shape {tuple(self.theta.shape)} and {self.theta.dtype}; got {tuple(theta.shape)} "
                f"and {theta.dtype}: for many points use torch.func.vmap(objective) or explorer.sweep"
            )
        params = {f"model.{name}": value for name, value in self.layout.unflatten(theta).items()}
        buffers = {name: buffer.clone() for name, buffer in self._buffers.items()}
        # functional_call swaps the tensors of the shared module for a moment, which two threads must not do at once.
        layers = differentiable_layers(recurrent=self._recurrent)
        with self._lock, layers, exact_products(theta.device):
            result: Outcome = functional_call(self._bound, params | buffers, (evaluate, *given))
        return result

    def to(self, device: torch.device | str | None, dtype: torch.dtype | None) -> "Binding":
        """Return a copy on another device or in another dtype."""
        model = converted(self.model, device, dtype)
        return Binding(model, self.layout, self.theta.to(device=device, dtype=dtype, copy=True))

    def __reduce__(self) -> tuple[Any, ...]:
        model = copy.deepcopy(self.model)
        for parameter in model.parameters():
            # A view would take all of theta with it.
            parameter.data = parameter.data.clone()
        return Binding, (model, self.layout, self.theta)


class _Bound(nn.Module):
    """The model as a submodule, so that `functional_call` can put theta under a function that takes the model."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, evaluate: Evaluate, *given: Any) -> Outcome:
        return evaluate(self.model, *given)
