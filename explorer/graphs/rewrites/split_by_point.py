"""Splitting a graph by what a point decides: constants and affine values are computed once for a plane, what is left is
evaluated at every point."""

import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx

from explorer.graphs.rewrites.affine import PRODUCTS, Affine, affine_result
from explorer.graphs.rewrites.same_strides import keeps_strides
from explorer.graphs.trace.operations import tidy

aten = torch.ops.aten

Given = Affine | Tensor | None
"""An argument of a graph: affine, constant, or another at every point."""

_FILLED = {aten.ones_like.default: 1.0, aten.zeros_like.default: 0.0}
"""Of their argument they take only the shape."""


@dataclass(frozen=True, eq=False)
class Remainder:
    """What of a graph has to be evaluated at every point."""

    graph: fx.GraphModule
    """(*arguments that are another at every point, *inputs) -> what the whole graph returned."""
    inputs: tuple[Affine | Tensor, ...]
    """What else it takes: affine values, and constants."""

    @property
    def examples(self) -> list[Tensor]:
        """Its inputs at the origin of the plane."""
        return [each.origin if isinstance(each, Affine) else each for each in self.inputs]

    layers: int = 0
    """Sums of products that are kept affine."""

    @property
    def nbytes(self) -> int:
        """What the inputs take."""
        return sum(each.nbytes for each in self.inputs)


def split(
    whole: fx.GraphModule, given: Sequence[Given], device: torch.device, *, least: float = math.inf, most: int = 0
) -> Remainder:
    """Return what is left of a graph when all that can be known before is known.

    Sums of products of parameters with data stay affine: a first layer `x W^T + b` is H0 + alpha H1 + beta H2, with H
    the layer's outputs for origin and basis, and costs no product at a point.

    Args:
        whole: traced, without writes; annotated.
        given: its arguments.
        device: of its tensors.
        least: how many products must be summed for one number of such a layer, for it to be kept affine; infinity
            leaves all layers as they are.
        most: bytes that one affine value may take.
    """
    splitter = _Splitter(whole, device, least, most)
    with torch.no_grad():
        return splitter.split(given)


class _Splitter:
    def __init__(self, whole: fx.GraphModule, device: torch.device, least: float, most: int) -> None:
        self.whole, self.device, self.least, self.most = whole, device, least, most
        self.known: dict[fx.Node, Any] = {}
        """Node of the whole graph -> constant, Affine, list of these, or node of the new graph."""
        self.graph = fx.Graph()
        self.inputs: list[Affine | Tensor] = []
        self.arguments = self.layers = 0
        self.taken: dict[int, fx.Node] = {}
        """Identity of a value -> its placeholder."""
        self.results = self.graph.output(())
        self.first = self.results
        """Placeholders come before it."""

    def split(self, given: Sequence[Given]) -> Remainder:
        values = iter(given)
        for node in self.whole.graph.nodes:
            if node.op == "placeholder":
                value = next(values)
                self.known[node] = self._placeholder() if value is None else value
            elif node.op == "get_attr":
                self.known[node] = operator.attrgetter(str(node.target))(self.whole).detach()
            elif node.op == "call_function":
                self.known[node] = self._called(node)
            else:
                self.results.args = (self._needed(self._looked_up(node.args[0])),)
        remainder = fx.GraphModule({}, self.graph)
        tidy(remainder)
        kept = tuple(each for each in self.inputs if self.taken[id(each)].users)
        for each in self.inputs:
            if not self.taken[id(each)].users:
                self.graph.erase_node(self.taken[id(each)])
        remainder.recompile()
        return Remainder(remainder, kept, self.layers)

    def _called(self, node: fx.Node) -> Any:
        args, kwargs = self._looked_up(node.args), self._looked_up(node.kwargs)
        kinds = {type(leaf) for leaf in _leaves([args, kwargs])}
        if node.target in _FILLED:
            like = node.meta["tensor_meta"]
            return torch.full(like.shape, _FILLED[node.target], dtype=like.dtype, device=self.device)
        if fx.Node not in kinds:
            if Affine not in kinds or node.target is operator.getitem:
                return node.target(*args, **kwargs)  # type: ignore[operator]
            affine = affine_result(node.target, args, kwargs, self.least)
            if affine is not None and all(leaf.nbytes <= self.most for leaf in _leaves(affine)):
                self.layers += node.target in PRODUCTS
                return affine
        if keeps_strides(node):
            return args[0]
        return self._emitted(node, self._needed(args), self._needed(kwargs))

    def _emitted(self, node: fx.Node, args: Any, kwargs: Any) -> fx.Node:
        with self.graph.inserting_before(self.results):
            new = self.graph.call_function(node.target, args, kwargs)  # type: ignore[arg-type]
        new.meta = dict(node.meta)
        if self.first is self.results:
            self.first = new
        return new

    def _looked_up(self, args: Any) -> Any:
        return fx.node.map_arg(args, self.known.__getitem__)

    def _needed(self, value: Any) -> Any:
        """Return a value as an argument of the new graph, as a new input of it where it is a tensor."""
        if isinstance(value, (Affine, Tensor)):
            if id(value) not in self.taken:
                self.taken[id(value)] = self._placeholder()
                self.inputs.append(value)
            return self.taken[id(value)]
        if isinstance(value, (list, tuple)):
            return type(value)(self._needed(each) for each in value)
        if isinstance(value, dict):
            return {name: self._needed(each) for name, each in value.items()}
        return value

    def _placeholder(self) -> fx.Node:
        self.arguments += 1
        with self.graph.inserting_before(self.first):
            return self.graph.placeholder(f"argument_{self.arguments}")


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, (list, tuple)):
        return [leaf for each in value for leaf in _leaves(each)]
    if isinstance(value, dict):
        return [leaf for each in value.values() for leaf in _leaves(each)]
    return [value]
