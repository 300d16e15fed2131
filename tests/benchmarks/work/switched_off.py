"""Rewrites switched off one at a time: while a graph is made, what makes one of them does nothing."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from torch import Tensor, fx

from explorer.graphs import Remainder, Rewrites
from explorer.graphs.rewrites.affine import Affine
from explorer.graphs.rewrites.onednn import fuse_linear
from explorer.graphs.run import background_compiler, block_graph, kernel, point_loop
from explorer.graphs.trace.operations import annotated, tidy
from explorer.sweeps.evaluation import traced

Patch = tuple[Any, str, Any]
"""Module, name in it, what stands for it."""


@dataclass(frozen=True)
class Rewrite:
    """A rewrite, and what an evaluation without it is.

    `patches` are held while graphs are made. `allows` tells which choices do without it, for those rewrites that an
    evaluation chooses.
    """

    name: str
    patches: tuple[Patch, ...] = ()
    allows: Callable[[Rewrites], bool] = lambda chosen: True

    @contextmanager
    def off(self) -> Iterator[None]:
        """Make graphs without it; kernels known from before are not found."""
        with ExitStack() as held:
            for module, name, instead in ((background_compiler, "_known", {}), *self.patches):
                held.enter_context(patch.object(module, name, instead))
            yield


def _none(graph: fx.Graph) -> int:
    return 0


def _as_it_is(graph: fx.GraphModule, *examples: Tensor) -> fx.GraphModule:
    return graph


def _whole_at_every_point(whole: Any, plane: Any, samples: Sequence[Tensor], *others: Any) -> Remainder:
    return Remainder(whole.graph, (Affine(plane.origin, tuple(plane.basis)), *samples))


def _unprepared(
    whole: fx.GraphModule, examples: Sequence[Tensor], rewrites: Rewrites
) -> tuple[fx.GraphModule, tuple[Tensor, ...]]:
    """Return the graph with its own constants in it, layers fused as they would be."""
    graph = annotated(whole, *examples)
    if rewrites.products == "oneDNN":
        fuse_linear(graph.graph)
        tidy(graph)
    return graph, ()


NONE = Rewrite("none: two alike, the noise")
EVERYTHING = Rewrite("all: the model's own code")
REWRITES = (
    Rewrite("affine first layers", allows=lambda chosen: not chosen.affine),
    Rewrite(
        "split by point",
        # In every module that makes graphs by it.
        (
            (traced, "remainder_of", _whole_at_every_point),
            (kernel, "prepared", _unprepared),
            (point_loop, "prepared", _unprepared),
        ),
        lambda chosen: not chosen.affine,
    ),
    Rewrite("channels last", ((block_graph, "_is_faster_last", lambda device, rewrites: False),)),
    Rewrite("class-major", ((block_graph, "class_major", _none),)),
    Rewrite("oneDNN", allows=lambda chosen: chosen.products != "oneDNN"),
    Rewrite("in place", ((kernel, "overwriting", _as_it_is), (point_loop, "overwriting", _as_it_is))),
)
"""Those of which a processor can tell; CUDA graphs are for others, and mixed precision is asked for."""
TANH = Rewrite("rational tanh", ((kernel, "decompositions", lambda dtype: {}),))
MACHINE_CODE = Rewrite("machine code", ((kernel, "has_compiler", lambda device: False),))
