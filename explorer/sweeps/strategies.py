"""Strategies: how a chunk of points is evaluated."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

import torch
from torch import Tensor
from torch.func import vmap

from explorer.curvature import product_for, projected_hessian, projected_hessian_by_backward
from explorer.curvature.products import Product
from explorer.objective import Objective
from explorer.parts import Part
from explorer.plane import Plane
from explorer.quantities import Wanted, values_at

Fields = dict[str, Tensor]
Measure = Callable[[Tensor], Fields]
"""coords [N, K] -> name -> field [N, ...]."""

_REFUSALS = (RuntimeError, TypeError, ValueError, NotImplementedError, IndexError)
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
LOOP = LADDER[-1]
_PLAIN_LOOP = Strategy("loop", batched=False, graph=False)


def choose(objective: Objective, plane: Plane, wanted: Wanted, *, loop: bool = False) -> Strategy:
    """Return the first strategy that the objective allows, found by trying it on two points and one block of data.

    Args:
        objective, plane, wanted: what to measure where.
        loop: go straight to the loop: for points so large that batching them gains nothing.

    Raises:
        RuntimeError, TypeError, ValueError: what the objective or a function raises even in the plain loop.
    """
    probe = torch.zeros(2, len(plane.basis), dtype=plane.origin.dtype, device=plane.origin.device)
    probe[1, 0] = 1.0
    for strategy in (*LADDER[:-1], _PLAIN_LOOP) if not loop else (_PLAIN_LOOP,):
        try:
            measure_by(strategy, objective, plane, wanted, blocks=1)(probe)
        except _REFUSALS:
            continue
        return strategy
    measure_by(LOOP, objective, plane, wanted, blocks=1)(probe)
    return LOOP


def measure_by(
    strategy: Strategy, objective: Objective, plane: Plane, wanted: Wanted, *, blocks: int | None = None
) -> Measure:
    """Return the function coords [N, K] -> fields that follows the strategy.

    Args:
        strategy, objective, plane, wanted: what to measure, where and how.
        blocks: stop after so many blocks of data, for timing; the fields are then worth nothing.
    """
    at_block = _BlockMeasure(strategy, objective, plane, wanted)
    functions = _functions(strategy, wanted)

    def parts() -> Iterator[Part]:
        yield from islice(objective.parts(), blocks)
        if wanted.values:
            yield from islice(objective.test_parts(), blocks)

    def measure(coords: Tensor) -> Fields:
        groups = (coords,) if strategy.batched else torch.split(coords, 1)
        with torch.set_grad_enabled(strategy.graph):
            sums: Iterable[Fields] = (
                _points_inside(at_block, parts(), plane, groups)
                if objective.streamed
                else (_summed(at_block, parts(), plane.at(group)) for group in groups)
            )
            fields = [
                _finished(total, wanted, objective) | functions(group, plane)
                for total, group in zip(sums, groups, strict=True)
            ]
        return {name: torch.cat([each[name] for each in fields]) for name in fields[0]}

    return measure


class _BlockMeasure:
    """(block of data, thetas [n, P]) -> what adds up over blocks, by name, each [n, ...]."""

    def __init__(self, strategy: Strategy, objective: Objective, plane: Plane, wanted: Wanted) -> None:
        self.many = vmap if strategy.batched else _one_by_one
        self.basis, self.wanted = plane.basis, wanted
        self.batched, self.origin = strategy.batched, plane.origin
        self.product: Product | None = None

    def __call__(self, part: Part, thetas: Tensor) -> Fields:
        found = self._values(part, thetas) if self.wanted.values else {}
        if "curvature" in self.wanted.names and part.trains:
            found["curvature"] = self._hessian(part, thetas).detach()
        return found

    def _values(self, part: Part, thetas: Tensor) -> Fields:
        differentiated = self.wanted.gradient and part.trains
        leaf = thetas.detach().requires_grad_(differentiated)
        with torch.set_grad_enabled(differentiated or torch.is_grad_enabled()):
            found: Fields = self.many(partial(values_at, part))(leaf)
        fields = {name: value.detach() for name, value in found.items()}
        if differentiated:
            gradient = _gradients(found["loss"], leaf)
            if "gradient" in self.wanted.names:
                # A few rows times many columns: several times faster than the transposed product.
                fields["gradient"] = (self.basis @ gradient.T).T
            if "gradient_norm" in self.wanted.names:
                fields["full gradient"] = gradient
        return fields

    def _hessian(self, part: Part, thetas: Tensor) -> Tensor:
        if not self.batched:
            by_backward: Tensor = self.many(partial(projected_hessian_by_backward, part, basis=self.basis))(thetas)
            return by_backward
        if self.product is None:
            self.product = product_for(part, self.origin)
        found: Tensor = self.many(partial(projected_hessian, part, basis=self.basis, product=self.product))(thetas)
        return found


def _summed(at_block: _BlockMeasure, parts: Iterable[Part], thetas: Tensor) -> Fields:
    total: Fields = {}
    for part in parts:
        _add(total, part.share, at_block(part, thetas))
    return total


def _points_inside(
    at_block: _BlockMeasure, parts: Iterable[Part], plane: Plane, groups: Iterable[Tensor]
) -> list[Fields]:
    """Go through the data once for all points: a pass over a stream costs more than forming theta again."""
    sums: list[Fields] = [{} for _ in groups]
    for part in parts:
        for total, group in zip(sums, groups, strict=True):
            _add(total, part.share, at_block(part, plane.at(group)))
    return sums


def _add(total: Fields, share: float, fields: Fields) -> None:
    for name, value in fields.items():
        # A share of 1 changes no bit.
        value = value if share == 1.0 else value * share
        total[name] = total[name] + value if name in total else value


def _finished(total: Fields, wanted: Wanted, objective: Objective) -> Fields:
    fields: Fields = {name: total[name] for name in ("loss", "gradient", "curvature") if name in wanted.names}
    if "terms" in wanted.names:
        fields["terms"] = torch.stack([total[f"term {name}"] for name in objective.term_names], dim=1)
    if "gradient_norm" in wanted.names:
        fields["gradient_norm"] = torch.linalg.vector_norm(total["full gradient"], dim=1)
    if wanted.values:
        fields |= {name: total[f"metric {name}"] for name in objective.metric_names}
    return fields


def _gradients(loss: Tensor, leaf: Tensor) -> Tensor:
    """Return all gradients [N, P] from one backward pass: each loss depends on its own theta alone."""
    if not loss.requires_grad:
        return torch.zeros_like(leaf)
    return torch.autograd.grad(loss, leaf, torch.ones_like(loss))[0]


def _functions(strategy: Strategy, wanted: Wanted) -> Callable[[Tensor, Plane], Fields]:
    many = vmap if strategy.batched else _one_by_one
    scalars = {name: many(partial(_scalar, name, function)) for name, function in wanted.functions.items()}

    def measure(coords: Tensor, plane: Plane) -> Fields:
        if not scalars:
            return {}
        thetas = plane.at(coords)
        return {name: function(thetas).detach() for name, function in scalars.items()}

    return measure


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
