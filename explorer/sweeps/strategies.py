"""Strategies: how a chunk of points is evaluated."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.func import vmap

from explorer.curvature import product_for, projected_hessian, projected_hessian_by_backward
from explorer.objective import Objective
from explorer.plane import Plane
from explorer.quantities import Wanted, values_at

Fields = dict[str, Tensor]
Measure = Callable[[Tensor], Fields]
Field = Callable[[Tensor], Tensor]

_REFUSALS = (RuntimeError, TypeError, ValueError, NotImplementedError)
"""What PyTorch raises where an operation cannot be batched or transformed."""


@dataclass(frozen=True)
class Strategy:
    """A way to evaluate many points, with the name that goes into the landscape's attributes."""

    name: str
    batched: bool
    """All points of a chunk at once by `vmap`, or one after another."""
    graph: bool
    """Whether autograd records even where no gradient is asked: a term may call it itself."""


LADDER = (
    Strategy("vmap", batched=True, graph=False),
    Strategy("vmap, autograd on", batched=True, graph=True),
    Strategy("loop", batched=False, graph=True),
)


def choose(objective: Objective, plane: Plane, wanted: Wanted, *, loop: bool = False) -> tuple[Strategy, Measure]:
    """Return the first strategy that the objective allows, found by trying it on two points of the plane.

    Args:
        objective, plane, wanted: what to measure where.
        loop: go straight to the loop: for points so large that batching them gains nothing.

    Raises:
        RuntimeError, TypeError, ValueError: what the objective or a function raises even in the plain loop.
    """
    probe = torch.stack([plane.origin, plane.origin + plane.basis[0]])
    for strategy in LADDER[:-1] if not loop else ():
        measure = measure_by(strategy, objective, plane, wanted)
        try:
            measure(probe)
        except _REFUSALS:
            continue
        return strategy, measure
    measure = measure_by(LADDER[-1], objective, plane, wanted)
    measure(probe)
    return LADDER[-1], measure


def measure_by(strategy: Strategy, objective: Objective, plane: Plane, wanted: Wanted) -> Measure:
    """Return the function thetas [N, P] -> name -> field [N, ...] that follows the strategy."""
    many = vmap if strategy.batched else _one_by_one
    values: Measure = many(partial(values_at, objective))
    functions: dict[str, Field] = {name: many(partial(_scalar, name, f)) for name, f in wanted.functions.items()}
    hessian: Field | None = many(_hessian(strategy, objective, plane)) if "curvature" in wanted.names else None

    def measure(thetas: Tensor) -> Fields:
        fields: Fields = {}
        with torch.set_grad_enabled(strategy.graph):
            if wanted.values:
                fields |= _values(values, thetas, plane.basis, wanted)
            if hessian is not None:
                fields["curvature"] = hessian(thetas).detach()
            for name, function in functions.items():
                fields[name] = function(thetas).detach()
        return fields

    return measure


def _values(values: Measure, thetas: Tensor, basis: Tensor, wanted: Wanted) -> Fields:
    leaf = thetas.detach().requires_grad_(wanted.gradient)
    with torch.set_grad_enabled(wanted.gradient or torch.is_grad_enabled()):
        found = values(leaf)
    loss = found.pop("loss")
    fields = {"loss": loss.detach()} if "loss" in wanted.names else {}
    if "terms" in wanted.names:
        fields["terms"] = torch.stack([term.detach() for term in found.values()], dim=1)
    if wanted.gradient:
        gradient = _gradients(loss, leaf)
        if "gradient" in wanted.names:
            # A few rows times many columns: several times faster than the transposed product.
            fields["gradient"] = (basis @ gradient.T).T
        if "gradient_norm" in wanted.names:
            fields["gradient_norm"] = torch.linalg.vector_norm(gradient, dim=1)
    return fields


def _gradients(loss: Tensor, leaf: Tensor) -> Tensor:
    """Return all gradients [N, P] from one backward pass: each loss depends on its own theta alone."""
    if not loss.requires_grad:
        return torch.zeros_like(leaf)
    return torch.autograd.grad(loss, leaf, torch.ones_like(loss))[0]


def _hessian(strategy: Strategy, objective: Objective, plane: Plane) -> Callable[[Tensor], Tensor]:
    if not strategy.batched:
        return partial(projected_hessian_by_backward, objective, basis=plane.basis)
    return partial(projected_hessian, objective, basis=plane.basis, product=product_for(objective, plane.origin))


def _scalar(name: str, function: Callable[[Tensor], Tensor], theta: Tensor) -> Tensor:
    value = torch.as_tensor(function(theta), dtype=theta.dtype, device=theta.device)
    if value.shape != ():
        raise ValueError(f"expected {name}(theta) to be a scalar; got shape {tuple(value.shape)}")
    return value


def _one_by_one(f: Callable[[Tensor], Any]) -> Callable[[Tensor], Any]:
    """Return what `vmap(f)` would be, by a plain loop."""

    def many(thetas: Tensor) -> Any:
        results = [f(theta) for theta in thetas]
        if isinstance(results[0], dict):
            return {name: torch.stack([one[name] for one in results]) for name in results[0]}
        return torch.stack(results)

    return many
