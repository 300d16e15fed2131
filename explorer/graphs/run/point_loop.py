"""Looping: an objective's blocks evaluated point by point."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx

from explorer.graphs.rewrites.affine import Affine
from explorer.graphs.rewrites.choice import Rewrites
from explorer.graphs.rewrites.inplace import overwriting
from explorer.graphs.rewrites.split_by_point import Remainder
from explorer.graphs.run.cuda_graph import AtPoint, captured
from explorer.graphs.run.kernel import Program, Slopes, Values, prepared
from explorer.graphs.trace.operations import traced
from explorer.objective.blocks import weighted_sum

Inputs = Sequence[Affine | Tensor]
_BY_INPUT = "by input"


@dataclass(frozen=True, eq=False)
class LoopedKernel:
    """The graph that is run at a point, for all blocks of data of one kind."""

    graph: fx.GraphModule
    constants: tuple[Tensor, ...]
    """What it takes last."""


@dataclass(frozen=True, eq=False)
class Block:
    """A block of data on a plane: its share of the sum, and how it is evaluated."""

    share: float
    kernel: LoopedKernel
    inputs: Inputs

    def at(self, coords: Sequence[float] | Tensor) -> Values:
        """Return its values at a point."""
        found: dict[str, Any] = self.kernel.graph(*_values(self.inputs, coords), *self.kernel.constants)
        affine = [each for each in self.inputs if isinstance(each, Affine)]
        by_input = found.pop(_BY_INPUT, {})
        return {**found, **{name: _by_coordinate(affine, gradients) for name, gradients in by_input.items()}}


def looped_kernel(remainder: Remainder, rewrites: Rewrites, slopes: Slopes) -> LoopedKernel:
    """Return what evaluates one point.

    Args:
        remainder: what has to be evaluated there.
        rewrites: how.
        slopes: of which scalars the derivatives by the inputs that are affine are wanted.
    """
    examples = remainder.examples
    graph, constants = prepared(_with_gradients(remainder, slopes) if slopes else remainder.graph, examples, rewrites)
    return LoopedKernel(overwriting(graph, *examples, *constants), constants)


def looped(blocks: Sequence[Block]) -> Program:
    """Return the program that goes from point to point, all blocks of data at each."""

    def at(coords: Sequence[float] | Tensor) -> Values:
        return weighted_sum((block.share, block.at(coords)) for block in blocks)

    recorded: list[AtPoint] = []

    def program(coords: Tensor) -> Values:
        if coords.device.type == "cuda":
            if not recorded:
                recorded.append(captured(at, coords[0]))
            points = [recorded[0](point) for point in coords]
        else:
            points = [at(point) for point in coords.tolist()]
        return {name: torch.stack([each[name] for each in points]) for name in points[0]}

    return program


def _with_gradients(remainder: Remainder, slopes: Slopes) -> fx.GraphModule:
    """Return the graph with, beside its values, name of a slope -> derivatives by the affine inputs, in order."""
    affine = [isinstance(each, Affine) for each in remainder.inputs]

    def both(*given: Tensor) -> Any:
        leaves = [each.detach().requires_grad_() if moves else each for each, moves in zip(given, affine, strict=True)]
        with torch.enable_grad():
            values: Values = remainder.graph(*leaves)
            varied = [leaf for leaf, moves in zip(leaves, affine, strict=True) if moves]
            found = {name: _gradients(values[scalar], varied) for name, scalar in slopes.items()}
        return {**values, _BY_INPUT: found}

    return traced(both, *remainder.examples)


def _gradients(value: Tensor, leaves: Sequence[Tensor]) -> list[Tensor]:
    if not value.requires_grad:
        return [torch.zeros_like(leaf) for leaf in leaves]
    return list(torch.autograd.grad(value, leaves, retain_graph=True, allow_unused=True, materialize_grads=True))


def _values(inputs: Inputs, coords: Sequence[float] | Tensor) -> list[Tensor]:
    return [each.at(coords) if isinstance(each, Affine) else each for each in inputs]


def _by_coordinate(affine: Sequence[Affine], gradients: Sequence[Tensor]) -> Tensor:
    """Return the gradient [K] by the coordinates, from those by affine values."""
    directions = range(len(affine[0].slopes))
    pairs = list(zip(affine, gradients, strict=True))
    return torch.stack([torch.stack([_inner(each.slopes[k], g) for each, g in pairs]).sum() for k in directions])


def _inner(a: Tensor, b: Tensor) -> Tensor:
    """Return the sum of a * b, in one pass where both lie in memory as they read."""
    return torch.dot(a.view(-1), b.view(-1)) if a.is_contiguous() and b.is_contiguous() else (a * b).sum()
