"""Traced evaluation: an objective's graphs, rewritten for a plane, as a way to measure points."""

from collections.abc import Callable, Hashable, Iterator
from itertools import islice
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from explorer.graphs import (
    Program,
    Remainder,
    Rewrites,
    UntraceableError,
    batched,
    batched_kernel,
    laid_out,
    looped,
    looped_kernel,
    remainder_of,
    whole_of,
)
from explorer.memory import room
from explorer.objective import Objective
from explorer.parts import Part, given
from explorer.plane import Plane
from explorer.quantities import Wanted
from explorer.sweeps.fields import Fields, add_share, finished, functions_of

_KEPT: WeakKeyDictionary[Objective, dict[Hashable, Any]] = WeakKeyDictionary()
"""Objective -> graphs made of it: tracing takes some hundredths of a second, a small sweep less."""
_SMALL = 64 << 20
"""Bytes of a plane's constants that are worth keeping for another sweep of it."""
_MOST_KEPT = 64
"""Graphs of one objective."""


def is_traceable(objective: Objective, wanted: Wanted) -> bool:
    """Return whether a traced evaluation yields what is wanted: not the full gradient, not the Hessian; and whether the
    data stay in memory, so that what is prepared of them serves all points."""
    plain = not wanted.names & {"gradient_norm", "curvature"} and wanted.values
    return plain and not objective.streamed and objective.dtype in (torch.float32, torch.float64)


class Traced:
    """coords [N, K] -> fields, by graphs of an objective's blocks.

    Args:
        objective, plane, wanted: what to measure where.
        rewrites: which changes of the graphs to make.
        size: points at once; None goes from point to point.
        graph: whether autograd records while tracing: a term may call it itself.
        blocks: stop after so many blocks of data, for timing.

    Raises:
        UntraceableError: its operations depend on values.
    """

    def __init__(
        self,
        objective: Objective,
        plane: Plane,
        wanted: Wanted,
        rewrites: Rewrites,
        *,
        size: int | None,
        graph: bool,
        blocks: int | None = None,
    ) -> None:
        self.objective, self.plane, self.wanted = objective, plane, wanted
        self.rewrites, self.size, self.graph = rewrites, size, graph
        self.notes: tuple[str, ...] = ()
        """What was rewritten."""
        self._functions = functions_of(wanted, batched=size is not None)
        parts = list(_parts(objective, wanted, blocks))
        self._most = room(objective.device) // (4 * len(parts))
        self._programs = [(part.share, self._program(number, part)) for number, part in enumerate(parts)]

    def __call__(self, coords: Tensor) -> Fields:
        total: Fields = {}
        with torch.no_grad():
            for share, program in self._programs:
                add_share(total, share, program(coords))
            return finished(total, self.wanted, self.objective) | self._functions(coords, self.plane)

    def _program(self, number: int, part: Part) -> Program:
        samples = laid_out(given(part.samples))
        shapes = tuple((tuple(each.shape), each.dtype) for each in samples)
        kind = (part.trains, shapes, self.rewrites, self.size, self.graph)
        with torch.set_grad_enabled(self.graph):
            whole = self._kept(
                ("whole", *kind),
                lambda: whole_of(part, self.objective.theta, samples, self.rewrites, single=self.size is None),
            )
        self.notes = tuple(dict.fromkeys((*self.notes, *whole.notes)))
        rest = self._rest(number, kind, lambda: remainder_of(whole, self.plane, samples, self.rewrites, self._most))
        gradient = self.wanted.gradient and part.trains
        key = ("kernel", *kind, gradient, len(self.plane.basis), rest.graph.code)
        if self.size is None:
            return looped(self._kept(key, lambda: looped_kernel(rest, self.rewrites, gradient)), rest.inputs)
        examples = torch.zeros(self.size, len(self.plane.basis)).to(self.plane.origin)
        kernel = self._kept(key, lambda: batched_kernel(rest, self.rewrites, gradient, examples))
        return batched(kernel, rest.inputs, self.size)

    def _rest(self, number: int, kind: Hashable, make: Callable[[], Remainder]) -> Remainder:
        """Return what has to be evaluated on this plane; that of the plane swept last is kept where it is small."""
        known, key = _KEPT.setdefault(self.objective, {}), ("rest", number, kind)
        # A tensor counts how often it was written to.
        state = (self.plane, self.plane.origin._version, self.plane.basis._version)
        before, rest = known.get(key, (None, None))
        if before != state:
            rest = make()
            known.pop(key, None)
            if rest.nbytes <= _SMALL:
                known[key] = (state, rest)
        found: Remainder = rest
        return found

    def _kept(self, key: Hashable, make: Callable[[], Any]) -> Any:
        known = _KEPT.setdefault(self.objective, {})
        if key not in known:
            made = make()
            if len(known) >= _MOST_KEPT:
                known.clear()
            known[key] = made
        return known[key]


def _parts(objective: Objective, wanted: Wanted, blocks: int | None) -> Iterator[Part]:
    yield from islice(objective.parts(), blocks)
    yield from islice(objective.test_parts(), blocks)


__all__ = ["Traced", "UntraceableError", "is_traceable"]
