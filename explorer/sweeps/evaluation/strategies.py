"""Strategies: how a chunk of points is evaluated."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor
from torch.func import vmap

from explorer.curvature import product_for, projected_hessian, projected_hessian_by_backward
from explorer.curvature.products import Product
from explorer.graphs import Rewrites
from explorer.objective import Objective
from explorer.objective.blocks import Part
from explorer.plane import Plane
from explorer.quantities.values import Wanted, values_at
from explorer.sweeps.evaluation.fields import Fields, Measure, add_share, finished, functions_of, one_by_one
from explorer.sweeps.evaluation.traced import Traced, some

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
    rewrites: Rewrites | None = None
    """Which changes are made to the objective's traced graph; None runs the model's own code."""

    def traced(self, rewrites: Rewrites) -> "Strategy":
        """Return the same by traced graphs."""
        words = rewrites.text()
        name = f"traced {'vmap' if self.batched else 'loop'}{f': {words}' if words else ''}"
        return Strategy(name, self.batched, self.graph, rewrites)


LADDER = (
    Strategy("vmap", batched=True, graph=False),
    Strategy("vmap, autograd on", batched=True, graph=True),
    Strategy("loop", batched=False, graph=True),
)
LOOP = LADDER[-1]
_PLAIN_LOOP = Strategy("loop", batched=False, graph=False)


def choose(objective: Objective, plane: Plane, wanted: Wanted, *, loop: bool = False) -> Strategy:
    """Return the first strategy that the objective allows, tried on two points and one or two blocks of data.

    Args:
        objective, plane, wanted: what to measure where.
        loop: go straight to the loop: for points so large that batching them gains nothing.

    Raises:
        RuntimeError, TypeError, ValueError: what the objective or a function raises even in the plain loop.
    """
    # The last block is the smallest: some operations differ by size.
    blocks = 1 if objective.streamed else 2
    probe = torch.zeros(2, len(plane.basis), dtype=plane.origin.dtype, device=plane.origin.device)
    probe[1, 0] = 1.0
    for strategy in (*LADDER[:-1], _PLAIN_LOOP) if not loop else (_PLAIN_LOOP,):
        try:
            measure_by(strategy, objective, plane, wanted, blocks=blocks)(probe)
        except _REFUSALS:
            continue
        return strategy
    measure_by(LOOP, objective, plane, wanted, blocks=blocks)(probe)
    return LOOP


def measure_by(
    strategy: Strategy,
    objective: Objective,
    plane: Plane,
    wanted: Wanted,
    *,
    size: int = 1,
    blocks: int | None = None,
) -> Measure:
    """Return the function coords [N, K] -> fields that follows the strategy.

    Args:
        strategy, objective, plane, wanted: what to measure, where and how.
        size: how many points are usually given; a traced graph is made for as many.
        blocks: take the first block of data alone (1), or it and the last (2), for timing and comparing; the fields are
            then worth nothing.

    Raises:
        UntraceableError: the strategy is a traced one, and the objective's operations depend on values.
    """
    if strategy.rewrites is not None:
        at_once = size if strategy.batched else None
        return Traced(objective, plane, wanted, strategy.rewrites, size=at_once, blocks=blocks)
    at_block = _BlockMeasure(strategy, objective, plane, wanted)
    functions = functions_of(wanted, batched=strategy.batched)

    def parts() -> Iterator[Part]:
        for _, part in some(objective.parts(), blocks):
            yield part
        if wanted.values:
            for _, part in some(objective.test_parts(), blocks):
                yield part

    def measure(coords: Tensor) -> Fields:
        groups = (coords,) if strategy.batched else torch.split(coords, 1)
        with torch.set_grad_enabled(strategy.graph):
            sums: Iterable[Fields] = (
                _points_inside(at_block, parts(), plane, groups)
                if objective.streamed
                else (_summed(at_block, parts(), plane.at(group)) for group in groups)
            )
            fields = [
                finished(total, wanted, objective) | functions(group, plane)
                for total, group in zip(sums, groups, strict=True)
            ]
        return {name: torch.cat([each[name] for each in fields]) for name in fields[0]}

    return measure


class _BlockMeasure:
    """(block of data, thetas [n, P]) -> what adds up over blocks, by name, each [n, ...]."""

    def __init__(self, strategy: Strategy, objective: Objective, plane: Plane, wanted: Wanted) -> None:
        self.many = vmap if strategy.batched else one_by_one
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
        add_share(total, part.share, at_block(part, thetas))
    return total


def _points_inside(
    at_block: _BlockMeasure, parts: Iterable[Part], plane: Plane, groups: Iterable[Tensor]
) -> list[Fields]:
    """Go through the data once for all points: a pass over a stream costs more than forming theta again."""
    sums: list[Fields] = [{} for _ in groups]
    for part in parts:
        for total, group in zip(sums, groups, strict=True):
            add_share(total, part.share, at_block(part, plane.at(group)))
    return sums


def _gradients(loss: Tensor, leaf: Tensor) -> Tensor:
    """Return all gradients [N, P] from one backward pass: each loss depends on its own theta alone."""
    if not loss.requires_grad:
        return torch.zeros_like(leaf)
    return torch.autograd.grad(loss, leaf, torch.ones_like(loss))[0]
