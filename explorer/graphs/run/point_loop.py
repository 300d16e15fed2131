"""Looping: an objective's blocks evaluated point by point."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx

from explorer.graphs.rewrites.affine import Affine
from explorer.graphs.rewrites.choice import Rewrites
from explorer.graphs.rewrites.common_half import Halves, halves
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

    halves: Halves
    is_common: tuple[bool, ...]
    """Of its inputs: whether all blocks have the same."""
    constants: tuple[Tensor, ...]
    """What the common half takes last."""

    def common(self, inputs: Inputs, coords: Sequence[float] | Tensor) -> tuple[Tensor, ...]:
        """Return what all blocks share at a point."""
        given = [each for each, common in zip(inputs, self.is_common, strict=True) if common]
        found: tuple[Tensor, ...] = self.halves.common(*_values(given, coords), *self.constants)
        return found

    def own(self, common: Sequence[Tensor], inputs: Inputs, coords: Sequence[float] | Tensor) -> dict[str, Any]:
        """Return the values of one block."""
        given = [each for each, shared in zip(inputs, self.is_common, strict=True) if not shared]
        found: dict[str, Any] = self.halves.own(*common, *_values(given, coords))
        return found


@dataclass(frozen=True, eq=False)
class Block:
    """A block of data on a plane: its share of the sum, and how it is evaluated."""

    share: float
    kernel: LoopedKernel
    inputs: Inputs

    def at(self, coords: Sequence[float] | Tensor, known: dict[int, tuple[Tensor, ...]]) -> Values:
        """Return its values at a point.

        Args:
            coords: of the point.
            known: identity of a kernel -> what its blocks share at this point; what is missing is added.
        """
        if id(self.kernel) not in known:
            known[id(self.kernel)] = self.kernel.common(self.inputs, coords)
        found = self.kernel.own(known[id(self.kernel)], self.inputs, coords)
        affine = [each for each in self.inputs if isinstance(each, Affine)]
        by_input = found.pop(_BY_INPUT, {})
        return {**found, **{name: _by_coordinate(affine, gradients) for name, gradients in by_input.items()}}


def looped_kernel(remainder: Remainder, rewrites: Rewrites, slopes: Slopes, is_common: Sequence[bool]) -> LoopedKernel:
    """Return what evaluates one point.

    Args:
        remainder: what has to be evaluated there.
        rewrites: how.
        slopes: of which scalars the derivatives by the inputs that are affine are wanted.
        is_common: of its inputs: whether all blocks have the same.
    """
    examples = remainder.examples
    graph, constants = prepared(_with_gradients(remainder, slopes) if slopes else remainder.graph, examples, rewrites)
    both = halves(graph, (*is_common, *(True for _ in constants)))
    shared = [each for each, common in zip(examples, is_common, strict=True) if common]
    rest = [each for each, common in zip(examples, is_common, strict=True) if not common]
    with torch.no_grad():
        passed = both.common(*shared, *constants)
    own = overwriting(both.own, *passed, *rest)
    return LoopedKernel(Halves(overwriting(both.common, *shared, *constants), own), tuple(is_common), constants)


def looped(blocks: Sequence[Block]) -> Program:
    """Return the program that goes from point to point, all blocks of data at each."""

    def at(coords: Sequence[float] | Tensor) -> Values:
        known: dict[int, tuple[Tensor, ...]] = {}
        return weighted_sum((block.share, block.at(coords, known)) for block in blocks)

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


def common_inputs(blocks: Sequence[Inputs]) -> tuple[bool, ...]:
    """Return for each input, of blocks of one kind, whether it is the same for all of them; of one block none is."""
    if len(blocks) < 2:
        return (False,) * len(blocks[0])
    return tuple(all(_same(each, first) for each in others) for first, *others in zip(*blocks, strict=True))


def _same(one: Affine | Tensor, other: Affine | Tensor) -> bool:
    if isinstance(one, Affine) and isinstance(other, Affine):
        return all(map(_equal, (one.origin, *one.slopes), (other.origin, *other.slopes)))
    return isinstance(one, Tensor) and isinstance(other, Tensor) and _equal(one, other)


def _equal(one: Tensor, other: Tensor) -> bool:
    """Return whether two tensors are the same one, or hold the same numbers."""
    places = [(each.data_ptr(), each.shape, each.stride(), each.dtype) for each in (one, other)]
    return places[0] == places[1] or (one.dtype == other.dtype and torch.equal(one, other))


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
