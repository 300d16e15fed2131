"""Programs: a block of an objective, traced and rewritten for a plane, evaluated at many points at once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, fx
from torch.func import vmap

from explorer.graphs.rewrites.affine import PRODUCTS, Affine
from explorer.graphs.rewrites.choice import Rewrites
from explorer.graphs.rewrites.inplace import overwriting
from explorer.graphs.rewrites.onednn import fuse_linear
from explorer.graphs.rewrites.split_by_point import Remainder, split
from explorer.graphs.run.background_compiler import Run, decompositions, has_compiler, in_background, is_compiled
from explorer.graphs.trace.operations import annotated, tidy, traced

_PRIMES = (1009, 1013, 1019, 1021, 1031, 1033, 1039, 1049)
"""Points of a chunk that a kernel is compiled at, for any number: a size that nothing else has or is a multiple of."""

_LEAST = 2
"""Points that machine code for any number of them takes at least."""

Values = dict[str, Tensor]
Program = Callable[[Tensor], Values]
"""coords [N, K] -> name -> [N], or [N, K] for slopes."""
Slopes = Mapping[str, str]
"""Name of a gradient by the coordinates -> name of the scalar that is differentiated."""
At = Callable[[Tensor, Tensor, Tensor], Tensor]
"""coords [N, K], origin [M], slopes [M, K] -> values [N, M]."""


@dataclass(frozen=True, eq=False)
class Kernel:
    """The graph that is run at a chunk of points, for all blocks of data of one shape."""

    graph: fx.GraphModule
    constants: tuple[Tensor, ...]
    """What it takes last."""

    def __call__(self, *given: Tensor) -> Any:
        return self.graph(*given, *self.constants)


def batched_kernel(remainder: Remainder, rewrites: Rewrites, slopes: Slopes, coords: Tensor) -> Run:
    """Return what evaluates as many points as coords [N, K] has: (coords, *`matrices`) -> values, each [N], and
    slopes, each [N, K]. Where a compiler can fuse it, it is compiled when it has run for long."""
    shapes = tuple(each.origin.shape if isinstance(each, Affine) else None for each in remainder.inputs)
    examples = [coords, *matrices(remainder.inputs)]
    many = partial(
        _many, vmap(remainder.graph, in_dims=tuple(None if shape is None else 0 for shape in shapes)), shapes
    )
    function = partial(_with_slopes, many, slopes) if slopes else many
    kernel = _kernel(traced(partial(function, _by_product), *examples), examples, rewrites)
    if not has_compiler(coords.device) or any(node.target in PRODUCTS for node in remainder.graph.graph.nodes):
        return kernel
    rows = next(prime for prime in _PRIMES if not any(prime in each.shape for each in examples))
    kinds = tuple((tuple(each.shape), each.dtype) for each in [coords.new_zeros(rows, coords.shape[1]), *examples[1:]])

    def whole() -> fx.GraphModule:
        # Of data of one's own: whoever keeps it keeps no model and no data of others.
        given = [torch.zeros(shape, dtype=dtype) for shape, dtype in kinds]
        return traced(partial(function, _by_elements), *given, instead=decompositions(coords.dtype), any_size=True)

    # Without the remainder's, two kernels could differ by a constant; constants may be as long as the chunk.
    constants = tuple(tuple(each.shape) for each in kernel.constants)
    return in_background((remainder.graph.code, kernel.graph.code, constants, kinds), kernel, whole, kinds)


def _many(
    at_each: Callable[..., Values], shapes: Sequence[torch.Size | None], at: At, coords: Tensor, *given: Tensor
) -> Values:
    """Return the values at coords [N, K], of inputs as in `matrices`."""
    rest = iter(given)
    values = (next(rest) if shape is None else at(coords, next(rest), next(rest)).view(-1, *shape) for shape in shapes)
    return at_each(*values)


def _with_slopes(many: Callable[..., Values], slopes: Slopes, at: At, coords: Tensor, *given: Tensor) -> Values:
    leaf = coords.detach().requires_grad_()
    with torch.enable_grad():
        values = many(at, leaf, *given)
        found = {name: _slope(values[scalar], leaf) for name, scalar in slopes.items()}
    return {**values, **found}


def _slope(values: Tensor, leaf: Tensor) -> Tensor:
    if not values.requires_grad:
        return torch.zeros_like(leaf)
    (found,) = torch.autograd.grad(values.sum(), leaf, retain_graph=True)
    return found


def _by_product(coords: Tensor, origin: Tensor, slopes: Tensor) -> Tensor:
    return torch.addmm(origin, coords, slopes.t())


def _by_elements(coords: Tensor, origin: Tensor, slopes: Tensor) -> Tensor:
    """Return the same as sums of products of single columns, which a compiler fuses with what comes after."""
    total = origin
    for direction in range(coords.shape[1]):
        total = total + coords[:, direction, None] * slopes[:, direction]
    return total


def matrices(inputs: Sequence[Affine | Tensor]) -> list[Tensor]:
    """Return the inputs of a batched kernel: an affine value is origin [M] and slopes [M, K], so that the values at
    coords [N, K] are one linear layer of them."""
    found = []
    for each in inputs:
        if isinstance(each, Affine):
            slopes = torch.stack([slope.reshape(-1) for slope in each.slopes], dim=1)
            found += [each.origin.reshape(-1), slopes]
        else:
            found.append(each)
    return found


def batched(kernel: Run, inputs: Sequence[Affine | Tensor], size: int) -> Program:
    """Return the program that takes points together, as many as the kernel was made for; all, once it is compiled."""
    given = matrices(inputs)

    def program(coords: Tensor) -> Values:
        if is_compiled(kernel):
            return _padded(kernel, coords, given, max(len(coords), _LEAST))
        pieces = [_padded(kernel, piece, given, size) for piece in torch.split(coords, size)]
        return pieces[0] if len(pieces) == 1 else {name: torch.cat([p[name] for p in pieces]) for name in pieces[0]}

    return program


def _padded(kernel: Run, coords: Tensor, given: Sequence[Tensor], size: int) -> Values:
    missing = size - len(coords)
    if not missing:
        found: Values = kernel(coords, *given)
        return found
    found = kernel(torch.cat([coords, coords[-1:].expand(missing, -1)]), *given)
    return {name: value[: len(coords)] for name, value in found.items()}


def prepared(
    whole: fx.GraphModule, examples: Sequence[Tensor], rewrites: Rewrites
) -> tuple[fx.GraphModule, tuple[Tensor, ...]]:
    """Return a graph in which what is constant is folded and layers are fused; and constants that it takes last."""
    remainder = split(annotated(whole, *examples), [None] * len(examples), examples[0].device)
    constants = tuple(each for each in remainder.inputs if isinstance(each, Tensor))
    graph = annotated(remainder.graph, *examples, *constants)
    if rewrites.products == "oneDNN":
        fuse_linear(graph.graph)
        tidy(graph)
    return graph, constants


def _kernel(whole: fx.GraphModule, examples: Sequence[Tensor], rewrites: Rewrites) -> Kernel:
    """Prepare a graph, and overwrite what is no longer needed."""
    graph, constants = prepared(whole, examples, rewrites)
    return Kernel(overwriting(graph, *examples, *constants), constants)
