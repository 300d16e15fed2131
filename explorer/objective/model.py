"""Binding: a model whose parameters are a theta, to be called at any other."""

import copy
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.func import functional_call

from explorer.errors import ObjectiveError
from explorer.numerics.rounding import exact_products
from explorer.numerics.turn import TURN
from explorer.objective.attributes import Attributes
from explorer.objective.copies import converted, copied, differentiable_layers
from explorer.objective.inside import Use, outcome_by_backward, outcome_inside
from explorer.objective.parameters import Layout
from explorer.objective.placements import Placement
from explorer.objective.terms import Outcome
from explorer.signature import shown

Result = TypeVar("Result")
Evaluate = Callable[..., Outcome]
"""(model, *what a problem takes beside it) -> what was measured of it."""


class Binding:
    """A model with its parameters as views of theta [P], so that they take memory once.

    Args:
        model: taken over; never changed by a call.
        layout: which of its parameters theta holds, and where.
        theta: to be viewed; None takes the model's own.
        placement: how theta is put under the model for a call.
    """

    def __init__(
        self,
        model: nn.Module,
        layout: Layout,
        theta: Tensor | None = None,
        placement: Placement = Placement.VIEWS,
    ) -> None:
        params: dict[str, nn.Parameter] = dict(model.named_parameters())
        self.layout, self.placement = layout, placement
        self.theta = layout.flatten(params) if theta is None else theta
        self._dtypes = {name: params[name].dtype for name in layout.shapes}
        for name, view in layout.unflatten(self.theta).items():
            # One of another dtype than theta's keeps its own memory.
            params[name].data = view.to(self._dtypes[name])
        floating = {parameter.dtype for parameter in params.values() if parameter.is_floating_point()}
        self.dtypes = floating | {self.theta.dtype}
        self._bound = _Bound(model)
        self._buffers = {f"model.{name}": buffer for name, buffer in model.named_buffers()}
        self._recurrent = self.theta.is_cuda and any(isinstance(module, nn.RNNBase) for module in model.modules())
        self._attributes = Attributes(self._bound)

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
        """Return evaluate(model at theta, *given); differentiable by theta [P], and, where it is placed as views, good
        inside `vmap`.

        Raises:
            ObjectiveError: theta has another shape or dtype than the model's own.
        """
        if not isinstance(theta, Tensor) or _kind(theta) != _kind(self.theta):
            kind = _told(self.theta)
            came = _told(theta) if isinstance(theta, Tensor) else shown(theta)
            raise ObjectiveError(
                f"expected theta of shape {kind}; got {came}: for many points use torch.func.vmap(objective) or "
                "explorer.sweep"
            )
        if self.placement is Placement.VIEWS:
            outcome = self._called(self._params(theta), lambda model: evaluate(model, *given))
            return outcome if len(self.dtypes) == 1 else _as(theta.dtype, outcome)
        if self.placement is Placement.LEAVES:
            return outcome_inside(self.under_leaves, lambda model: evaluate(model, *given), theta)
        return outcome_by_backward(self._under_itself, lambda model: evaluate(model, *given), theta)

    def _params(self, theta: Tensor) -> dict[str, Tensor]:
        """Return name -> parameter of a theta, as the model takes it."""
        views = self.layout.unflatten(theta)
        if len(self.dtypes) == 1:
            return views
        return {name: view.to(self._dtypes[name]) for name, view in views.items()}

    def under_leaves(self, theta: Tensor, use: Use) -> Any:
        """Return use(model at theta, a leaf for each of its parameters)."""
        leaves = {name: value.clone().requires_grad_() for name, value in self._params(theta).items()}
        return self._called(leaves, lambda model: use(model, list(leaves.values())))

    def _under_itself(self, theta: Tensor, use: Use) -> Any:
        params = dict(self.model.named_parameters())
        own = {name: params[name] for name in self.layout.shapes}
        with TURN:
            before = {name: parameter.data for name, parameter in own.items()}
            try:
                for name, value in self._params(theta).items():
                    own[name].data = value.clone()
                    own[name].requires_grad_()
                return self._evaluated({}, lambda model: use(model, list(own.values())))
            finally:
                for name, parameter in own.items():
                    parameter.requires_grad_(False).data = before[name]
                    parameter.grad = None

    def _called(self, params: Mapping[str, Tensor], use: Callable[[nn.Module], Result]) -> Result:
        # functional_call swaps the tensors of the shared module for a moment, which two threads must not do at once.
        with TURN:
            return self._evaluated({f"model.{name}": value for name, value in params.items()}, use)

    def _evaluated(self, params: dict[str, Tensor], use: Callable[[nn.Module], Result]) -> Result:
        buffers = {name: buffer.clone() for name, buffer in self._buffers.items()}
        exact = exact_products(self.theta.device)
        with self._attributes.restored(), differentiable_layers(recurrent=self._recurrent), exact:
            result: Result = functional_call(self._bound, params | buffers, (use,))
        return result

    def unused(self) -> nn.Module:
        """Return a copy of the model as it is now, with the same parameters: what a later evaluation leaves in the
        model is not in it."""
        return copied(self.model, {each: each for each in self.model.parameters()})

    def anew(self, unused: nn.Module, theta: Tensor, evaluate: Evaluate, *given: Any) -> Outcome:
        """Return evaluate(model at theta, *given), as `call` does, of a copy of a model that was never evaluated."""
        params = dict(unused.named_parameters())
        moving = self.placement is not Placement.VIEWS
        placed = {params[name]: nn.Parameter(value, moving) for name, value in self._params(theta).items()}
        with differentiable_layers(recurrent=self._recurrent), exact_products(self.theta.device):
            return _as(theta.dtype, evaluate(copied(unused, placed), *given))

    def with_buffers(self, buffers: Mapping[str, Tensor]) -> "Binding":
        """Return the same model with other buffers, name -> tensor of the same shape; the others stay."""
        changed = copy.copy(self)
        own = {f"model.{name}": each for name, each in buffers.items()}
        changed._buffers = {
            name: own[name].to(each) if name in own and own[name].shape == each.shape else each
            for name, each in self._buffers.items()
        }
        return changed

    def to(self, device: torch.device | str | None, dtype: torch.dtype | None) -> "Binding":
        """Return a copy on another device or in another dtype."""
        model = converted(self.model, device, dtype)
        return Binding(model, self.layout, self.theta.to(device=device, dtype=dtype, copy=True), self.placement)

    def __reduce__(self) -> tuple[Any, ...]:
        model = copied(self.model)
        for parameter in model.parameters():
            # A view would take all of theta with it.
            parameter.data = parameter.data.clone()
        return Binding, (model, self.layout, self.theta, self.placement)


class _Bound(nn.Module):
    """The model as a submodule, so that `functional_call` can put theta under a function that takes the model."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, use: Callable[[nn.Module], Any]) -> Any:
        return use(self.model)


def _kind(theta: Tensor) -> tuple[torch.Size, torch.dtype, torch.layout]:
    return theta.shape, theta.dtype, theta.layout


def _told(theta: Tensor) -> str:
    shape, dtype, layout = _kind(theta)
    return f"{tuple(shape)} and {dtype}{'' if layout == torch.strided else f', {layout}'}"


def _as(dtype: torch.dtype, outcome: Outcome) -> Outcome:
    """Return an outcome in one dtype: of a model with several, a term may come in any of them."""
    terms, metrics = ({name: value.to(dtype) for name, value in part.items()} for part in outcome)
    return Outcome(terms, metrics)
