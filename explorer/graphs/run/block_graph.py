"""Preparing: from a block of an objective to the part of its graph that has to be evaluated at every point."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, fx

from explorer.graphs.rewrites.affine import Affine
from explorer.graphs.rewrites.choice import Rewrites
from explorer.graphs.rewrites.layouts import class_major
from explorer.graphs.rewrites.mixed_precision import in_mixed_precision
from explorer.graphs.rewrites.split_by_point import Remainder, split
from explorer.graphs.trace.effects import Watch, refuse_own_backward
from explorer.graphs.trace.operations import annotated, tidy, traced
from explorer.graphs.untraceable import UntraceableError
from explorer.numerics.rounding import uses_tf32
from explorer.objective.blocks import Part
from explorer.plane import Plane
from explorer.quantities.values import named_values


@dataclass(frozen=True, eq=False)
class Whole:
    """A block's values as one graph (theta [P], *samples) -> name -> scalar."""

    graph: fx.GraphModule
    notes: tuple[str, ...]
    """What was rewritten in it."""
    images_last: bool
    """Whether it takes images in channels-last order."""

    def laid_out(self, samples: Sequence[Tensor]) -> list[Tensor]:
        """Return samples as it takes them."""
        return laid_out(samples) if self.images_last else list(samples)


def laid_out(samples: Sequence[Tensor]) -> list[Tensor]:
    """Return samples with images in channels-last order, in which convolutions run fastest."""
    return [each.contiguous(memory_format=torch.channels_last) if each.dim() == 4 else each for each in samples]


def whole_of(part: Part, theta: Tensor, samples: Sequence[Tensor], rewrites: Rewrites, *, single: bool) -> Whole:
    """Trace a block of an objective, and rewrite what is the same for every plane.

    Args:
        part, theta, samples: what to trace at which theta on which data.
        rewrites: how linear layers are computed.
        single: whether points are going to be evaluated one by one: layouts pay for large models alone.

    Raises:
        UntraceableError: its operations depend on values.
    """
    if part.trains:
        refuse_own_backward(part, theta)
    whole, images_last = _traced(part, theta, samples, last=_is_faster_last(theta.device, rewrites))
    notes = ("class-major cross-entropy",) if single and class_major(whole.graph) else ()
    tidy(whole)
    # With every new operation's own entry.
    examples = laid_out(samples) if images_last else samples
    return Whole(annotated(whole, theta, *examples), notes, images_last)


def _is_faster_last(device: torch.device, rewrites: Rewrites) -> bool:
    """Return whether convolutions are faster channels last: on GPUs only those in few bits are."""
    return device.type == "cpu" or rewrites.low is not None or uses_tf32(device)


def _traced(part: Part, theta: Tensor, samples: Sequence[Tensor], *, last: bool) -> tuple[fx.GraphModule, bool]:
    """Return a block's graph, and whether it takes images in channels-last order, as it should if `last`."""

    def values(theta: Tensor, *samples: Tensor) -> dict[str, Tensor]:
        with Watch(marking=True):
            return named_values(part, part.measure_on(theta, *samples))

    with torch.enable_grad():
        if last:
            try:
                return traced(values, theta, *laid_out(samples)), True
            except UntraceableError:
                if not any(each.dim() == 4 for each in samples):
                    raise
        # The view of a picture as a row, for one, is possible in one order only.
        return traced(values, theta, *samples), False


def remainder_of(whole: Whole, plane: Plane, samples: Sequence[Tensor], rewrites: Rewrites, most: int) -> Remainder:
    """Return what of a block has to be evaluated at every point of a plane.

    Args:
        whole, plane, samples: which block on which data, laid out as it takes them, and where.
        rewrites: whether first layers are kept affine; the short type of products.
        most: bytes that one layer kept affine may take.

    Raises:
        UntraceableError: nothing of it depends on the point.
    """
    device = plane.origin.device
    theta = Affine(plane.origin, tuple(plane.basis))
    found = split(whole.graph, [theta, *samples], device, least=rewrites.least, most=most)
    if rewrites.low is not None:
        found = _shortened(found, rewrites.low, device)
    if not any(isinstance(each, Affine) for each in found.inputs):
        raise UntraceableError("nothing in it depends on the point")
    return found


def _shortened(remainder: Remainder, low: torch.dtype, device: torch.device) -> Remainder:
    """Return the remainder with products in a short type; constants are shortened here, once."""
    examples = remainder.examples
    mixed = in_mixed_precision(annotated(remainder.graph, *examples), low)
    given = [None if isinstance(each, Affine) else each for each in remainder.inputs]
    rest = split(annotated(mixed, *examples), given, device)
    affine = (each for each in remainder.inputs if isinstance(each, Affine))
    return Remainder(rest.graph, (*affine, *rest.inputs), remainder.layers)
