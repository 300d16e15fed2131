"""Traced evaluation: an objective's graphs, rewritten for a plane, as a way to measure points."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from explorer.graphs import (
    Block,
    LoopedKernel,
    Program,
    Remainder,
    Rewrites,
    UntraceableError,
    batched,
    batched_kernel,
    is_compiled,
    looped,
    looped_kernel,
    remainder_of,
    whole_of,
)
from explorer.numerics.free_memory import room
from explorer.objective import Objective
from explorer.objective.blocks import Part, add_share, given
from explorer.objective.placements import Placement
from explorer.plane import Plane
from explorer.quantities import Wanted
from explorer.sweeps.evaluation.blocks_to_try import Blocks
from explorer.sweeps.evaluation.fields import Fields

_KEPT: WeakKeyDictionary[Objective, dict[Hashable, Any]] = WeakKeyDictionary()
"""Objective -> graphs made of it: tracing takes some hundredths of a second, a small sweep less."""
_SMALL = 64 << 20
"""Bytes of a plane's constants, of all blocks together, that are kept for another sweep of it."""
_MOST_KEPT = 64
"""Graphs of one objective."""


def is_traceable(objective: Objective, wanted: Wanted) -> bool:
    """Return whether a traced evaluation yields what is wanted: values alone, and not the full gradient; and whether
    the data stay in memory, so that what is prepared of them serves all points."""
    plain = wanted.families == (wanted,) and bool(wanted.values) and not wanted.values.keeps_gradients
    exact = objective.dtype in (torch.float32, torch.float64)
    return plain and exact and not objective.in_batches and objective.placement is Placement.VIEWS


class Traced:
    """coords [N, K] -> fields, by graphs of an objective's blocks.

    Args:
        objective, plane, wanted: what to measure where.
        rewrites: which changes of the graphs to make.
        size: points at once; None goes from point to point.
        blocks: of the data, to be measured.

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
        blocks: Blocks = Blocks.ALL,
    ) -> None:
        self.objective, self.plane, self.values = objective, plane, wanted.values
        self.rewrites, self.size = rewrites, size
        self._rewritten: tuple[str, ...] = ()
        self._kernels: list[Any] = []
        parts = [*blocks.of(objective.parts()), *blocks.of(objective.test_parts())]
        self._parts = len(parts)
        measured = [(part, *self._remainder(number, part)) for number, part in parts]
        if size is None:
            loops = [Block(part.share, self._looped(key, rest, part), rest.inputs) for part, key, rest in measured]
            self._programs = [(1.0, looped(loops))]
        else:
            self._programs = [(part.share, self._batched(key, rest, part, size)) for part, key, rest in measured]

    def __call__(self, coords: Tensor) -> Fields:
        total: Fields = {}
        with torch.no_grad():
            for share, program in self._programs:
                add_share(total, share, program(coords))
            return self.values.finished(total, self.objective)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was rewritten, wherever it applied."""
        return (*self._rewritten, *(["machine code"] if any(map(is_compiled, self._kernels)) else []))

    @property
    def is_compiled(self) -> bool:
        """Whether all of it runs as machine code, for any number of points."""
        return bool(self._kernels) and all(map(is_compiled, self._kernels))

    def _remainder(self, number: int, part: Part) -> tuple[Hashable, Remainder]:
        """Return what of a block has to be evaluated, and what its kernel depends on."""
        raw = given(part.samples)
        kind = (part.trains, _kinds(raw), self.rewrites, self.size)
        whole = self._kept(
            ("whole", *kind),
            lambda: whole_of(part, self.objective.theta, raw, self.rewrites, single=self.size is None),
        )
        samples = whole.laid_out(raw)
        rest = self._rest(number, kind, lambda: remainder_of(whole, self.plane, samples, self.rewrites, self._most()))
        layers = [f"{rest.layers} affine layer{'s' if rest.layers > 1 else ''}"] if rest.layers else []
        self._rewritten = tuple(dict.fromkeys((*self._rewritten, *whole.notes, *layers)))
        slopes = tuple(self._slopes(part).items())
        key = ("kernel", *kind, slopes, len(self.plane.basis), rest.graph.code, _kinds(rest.examples))
        return key, rest

    def _looped(self, key: Hashable, rest: Remainder, part: Part) -> LoopedKernel:
        kernel: LoopedKernel = self._kept(key, lambda: looped_kernel(rest, self.rewrites, self._slopes(part)))
        return kernel

    def _batched(self, key: Hashable, rest: Remainder, part: Part, size: int) -> Program:
        slopes = self._slopes(part)
        examples = torch.zeros(size, len(self.plane.basis)).to(self.plane.origin)
        kernel = self._kept(key, lambda: batched_kernel(rest, self.rewrites, slopes, examples))
        self._kernels.append(kernel)
        return batched(kernel, rest.inputs, size)

    def _slopes(self, part: Part) -> dict[str, str]:
        return self.values.slopes(part.problem.weights) if part.trains else {}

    def _most(self) -> int:
        """Return how many bytes the constants of one block may take."""
        return room(self.objective.device) // (4 * self._parts)

    def _rest(self, number: int, kind: Hashable, make: Callable[[], Remainder]) -> Remainder:
        """Return what has to be evaluated on this plane; that of the plane swept last is kept where it is small."""
        known, key = _KEPT.setdefault(self.objective, {}), ("rest", number, kind)
        # A tensor counts how often it was written to.
        state = (self.plane, self.plane.origin._version, self.plane.basis._version)
        before, rest = known.get(key, (None, None))
        if before != state:
            rest = make()
            known.pop(key, None)
            if rest.nbytes <= _SMALL // self._parts:
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


def _kinds(tensors: Sequence[Tensor]) -> tuple[tuple[tuple[int, ...], torch.dtype], ...]:
    return tuple((tuple(each.shape), each.dtype) for each in tensors)


__all__ = ["Traced", "UntraceableError", "is_traceable"]
