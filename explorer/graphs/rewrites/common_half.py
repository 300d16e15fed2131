"""Halving: what of a graph is the same for all blocks of data, such as weights and what is folded into them, is
evaluated once at a point; the rest block by block."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import fx

from explorer.graphs.trace.operations import tidy


@dataclass(frozen=True, eq=False)
class Halves:
    """A graph in two: own(*common(*its inputs), *the other inputs) is what the graph was."""

    common: fx.GraphModule
    """(*inputs that are common) -> tuple of what `own` takes first."""
    own: fx.GraphModule


def halves(whole: fx.GraphModule, is_common: Sequence[bool]) -> Halves:
    """Return a graph in two.

    Args:
        whole: traced, without writes.
        is_common: for each of its arguments, whether it is the same for all blocks.
    """
    flags, common = iter(is_common), set[fx.Node]()
    for node in whole.graph.nodes:
        inputs = node.all_input_nodes
        if next(flags) if node.op == "placeholder" else node.op == "call_function" and inputs and common >= {*inputs}:
            common.add(node)
    passed = [node for node in whole.graph.nodes if node in common and any(user not in common for user in node.users)]
    # What is used by one half alone stays with it: an argument is passed on only where the other half takes it.
    first, second = _Copy(whole), _Copy(whole)
    for node in passed:
        second.take(node)
    for node in whole.graph.nodes:
        if node.op != "output":
            (first if node in common else second).copy(node)
    first.graph.output(tuple(first.made[node] for node in passed))
    for node in whole.graph.nodes:
        if node.op == "output":
            second.copy(node)
    return Halves(first.module(), second.module())


class _Copy:
    """A graph that takes nodes of another."""

    def __init__(self, whole: fx.GraphModule) -> None:
        self.whole, self.graph = whole, fx.Graph()
        self.made: dict[fx.Node, fx.Node] = {}

    def take(self, node: fx.Node) -> None:
        """Make a node's value an argument."""
        self.made[node] = self.graph.placeholder(f"common_{node.name}")
        self.made[node].meta = dict(node.meta)

    def copy(self, node: fx.Node) -> None:
        """Copy a node, unless it is an argument already."""
        if node not in self.made:
            self.made[node] = self.graph.node_copy(node, self.made.__getitem__)

    def module(self) -> fx.GraphModule:
        """Return the graph, callable."""
        found = fx.GraphModule(self.whole, self.graph)
        tidy(found)
        return found
