"""Inside: a model's terms and their derivatives by theta, taken while theta is under the model."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from explorer.errors import ObjectiveError
from explorer.objective.backward_graph import grads_kept
from explorer.objective.parameters import as_real
from explorer.objective.terms import Outcome

Result = TypeVar("Result")
Use = Callable[[nn.Module, Sequence[Tensor]], Any]
"""(model at theta, its leaves in the order of theta) -> what is computed of them."""
Under = Callable[[Tensor, Use], Any]
"""(theta [P], use) -> use(model at theta, leaves)."""


def outcome_inside(under: Under, evaluate: Callable[[nn.Module], Outcome], theta: Tensor) -> Outcome:
    """Return evaluate(model at theta), its terms twice differentiable by theta [P].

    Args:
        under: puts theta under the model.
        evaluate: model -> terms and metrics.
        theta: where.
    """
    inside = _Inside(under, evaluate)
    values = _Terms.apply(theta, inside)  # type: ignore[no-untyped-call]
    return Outcome(dict(zip(inside.names, values.unbind(), strict=True)), inside.metrics)


def outcome_by_backward(under: Under, evaluate: Callable[[nn.Module], Outcome], theta: Tensor) -> Outcome:
    """Return as `outcome_inside`, differentiable once: by `backward` of each term, which is done beforehand, as
    reentrant checkpointing does not work within another backward pass."""
    if torch._C._functorch.is_functorch_wrapped_tensor(theta):
        raise RuntimeError("a model that reentrant checkpointing recomputes cannot be transformed by torch.func")
    differentiated = theta.requires_grad and torch.is_grad_enabled()

    def use(model: nn.Module, leaves: Sequence[Tensor]) -> tuple[Outcome, list[Tensor]]:
        terms, metrics = evaluate(model)
        moving = [each for each in terms.values() if differentiated and each.requires_grad]
        rows = {id(each): _by_backward(each, leaves, theta) for each in moving}
        still = torch.zeros_like(theta.detach())
        outcome = Outcome({name: each.detach().to(theta) for name, each in terms.items()}, metrics)
        return outcome, [rows.get(id(each), still) for each in terms.values()]

    with torch.enable_grad():
        (terms, metrics), rows = under(theta.detach(), use)
    if differentiated and terms:
        values = _Known.apply(theta, torch.stack(list(terms.values())), torch.stack(rows))  # type: ignore[no-untyped-call]
        terms = dict(zip(terms, values.unbind(), strict=True))
    return Outcome(terms, metrics)


def _by_backward(term: Tensor, leaves: Sequence[Tensor], theta: Tensor) -> Tensor:
    # Here, not before the evaluation: a term that calls `backward` itself leaves its own in the leaves.
    for leaf in leaves:
        leaf.grad = None
    # With `inputs=` what lies behind a checkpoint would be left out.
    with grads_kept(term):
        term.backward(retain_graph=True)  # type: ignore[no-untyped-call]
        return _flat([leaf.grad for leaf in leaves], leaves, theta)


class _Inside:
    """What the functions of autograd below compute."""

    def __init__(self, under: Under, evaluate: Callable[[nn.Module], Outcome]) -> None:
        self._under, self._evaluate = under, evaluate
        self.names: tuple[str, ...] = ()
        self.metrics: dict[str, Tensor] = {}

    def values(self, theta: Tensor) -> Tensor:
        """Return the terms [T]."""

        def use(model: nn.Module, leaves: Sequence[Tensor]) -> Tensor:
            terms, self.metrics = self._evaluate(model)
            self.names = tuple(terms)
            return torch.stack([each.detach().to(theta) for each in terms.values()]) if terms else theta.new_zeros(0)

        return self._at(theta, use)

    def gradient(self, theta: Tensor, factors: Tensor) -> Tensor:
        """Return the gradient [P] of the terms' sum with these factors [T]."""

        def use(model: nn.Module, leaves: Sequence[Tensor]) -> Tensor:
            total = self._total(model, factors)
            if not total.requires_grad:
                return torch.zeros_like(theta)
            return _flat(torch.autograd.grad(total, leaves, allow_unused=True), leaves, theta)

        return self._at(theta, use)

    def product(self, theta: Tensor, factors: Tensor, vector: Tensor) -> tuple[Tensor, Tensor]:
        """Return the derivatives of gradient . vector by theta [P] and by the factors [T]."""

        def use(model: nn.Module, leaves: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
            moving = factors.detach().clone().requires_grad_()
            total = self._total(model, moving)
            found = torch.autograd.grad(total, leaves, create_graph=True, allow_unused=True)
            slope = _flat(found, leaves, theta) @ vector
            if not slope.requires_grad:
                return torch.zeros_like(theta), torch.zeros_like(factors)
            *seconds, by_factors = torch.autograd.grad(slope, [*leaves, moving], allow_unused=True)
            along = torch.zeros_like(factors) if by_factors is None else by_factors
            return _flat(seconds, leaves, theta).detach(), along

        return self._at(theta, use)

    def _at(self, theta: Tensor, use: Callable[[nn.Module, Sequence[Tensor]], Result]) -> Result:
        # Terms may call autograd themselves.
        with torch.enable_grad():
            result: Result = self._under(theta.detach(), use)
        return result

    def _total(self, model: nn.Module, factors: Tensor) -> Tensor:
        terms = self._evaluate(model).terms.values()
        return sum(
            (each * factor for each, factor in zip(terms, factors, strict=True)), start=torch.zeros(()).to(factors)
        )


class _Terms(torch.autograd.Function):
    """theta -> the terms [T]."""

    @staticmethod
    def forward(theta: Tensor, inside: _Inside) -> Tensor:
        return inside.values(theta)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, _Inside], output: Tensor) -> None:
        ctx.save_for_backward(inputs[0])
        ctx.inside = inputs[1]

    @staticmethod
    def backward(ctx: Any, factors: Tensor) -> tuple[Tensor, None]:
        return _Gradient.apply(*ctx.saved_tensors, factors, ctx.inside), None  # type: ignore[no-untyped-call]


class _Gradient(torch.autograd.Function):
    """theta, factors [T] -> the gradient [P] of the terms' sum."""

    @staticmethod
    def forward(theta: Tensor, factors: Tensor, inside: _Inside) -> Tensor:
        return inside.gradient(theta, factors)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor, _Inside], output: Tensor) -> None:
        ctx.save_for_backward(*inputs[:2])
        ctx.inside = inputs[2]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, vector: Tensor) -> tuple[Tensor, Tensor, None]:
        return *ctx.inside.product(*ctx.saved_tensors, vector), None


class _Known(torch.autograd.Function):
    """theta, terms [T], their gradients [T, P] -> the terms."""

    @staticmethod
    def forward(theta: Tensor, values: Tensor, rows: Tensor) -> Tensor:
        return values.clone()

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor, Tensor], output: Tensor) -> None:
        ctx.save_for_backward(inputs[2])

    @staticmethod
    def backward(ctx: Any, factors: Tensor) -> tuple[Tensor, None, None]:
        if torch.is_grad_enabled():
            raise ObjectiveError(
                "expected a model with second derivatives; this one checkpoints its activations with "
                "use_reentrant=True, which has none: use_reentrant=False has them"
            )
        return factors @ ctx.saved_tensors[0], None, None


def _flat(gradients: Sequence[Tensor | None], leaves: Sequence[Tensor], theta: Tensor) -> Tensor:
    """Return gradients by the leaves as one by theta [P]; zeros where there are none."""
    pieces = []
    for leaf, found in zip(leaves, gradients, strict=True):
        dense = torch.zeros_like(leaf) if found is None else found.to_dense() if found.is_sparse else found
        pieces.append(as_real(dense).reshape(-1).to(theta.dtype))
    return torch.cat(pieces)
