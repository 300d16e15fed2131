"""Strategies: how a chunk of points is evaluated."""

from dataclasses import dataclass, replace

import torch

from explorer.graphs import Rewrites
from explorer.objective import Objective
from explorer.objective.batching import CANNOT_TRANSFORM, Many
from explorer.objective.placements import Placement
from explorer.plane import Plane
from explorer.quantities import Wanted
from explorer.sweeps.evaluation.blocks_to_try import Blocks
from explorer.sweeps.evaluation.fields import Measure
from explorer.sweeps.evaluation.own_code import OwnCode
from explorer.sweeps.evaluation.traced import Traced


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
    """Return the first strategy that the objective and all quantities allow, tried on two points and one or two blocks
    of data.

    Args:
        objective, plane, wanted: what to measure where.
        loop: go straight to the loop: for points so large that batching them gains nothing.

    Raises:
        RuntimeError, TypeError, ValueError: what the objective or a quantity raises even in the plain loop.
    """
    if objective.placement is not Placement.VIEWS:
        # Neither can be batched; and what is taken inside is recorded there.
        return replace(LOOP, name=f"loop, {objective.placement.value}")
    blocks = Blocks.FIRST if objective.streamed else Blocks.ENDS
    probe = torch.zeros(2, len(plane.basis), dtype=plane.origin.dtype, device=plane.origin.device)
    probe[1, 0] = 1.0
    for strategy in (*LADDER[:-1], _PLAIN_LOOP) if not loop else (_PLAIN_LOOP,):
        try:
            measure_by(strategy, objective, plane, wanted, blocks=blocks)(probe)
        except CANNOT_TRANSFORM:
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
    blocks: Blocks = Blocks.ALL,
) -> Measure:
    """Return the function coords [N, K] -> fields that follows the strategy.

    Args:
        strategy, objective, plane, wanted: what to measure, where and how; by graphs values alone.
        size: how many points are usually given; a traced graph is made for as many.
        blocks: of the data, to be measured.

    Raises:
        UntraceableError: the strategy is a traced one, and the objective's operations depend on values.
    """
    if strategy.rewrites is not None:
        at_once = size if strategy.batched else None
        return Traced(objective, plane, wanted, strategy.rewrites, size=at_once, blocks=blocks)
    return OwnCode(objective, plane, wanted, Many(strategy.batched), graph=strategy.graph, blocks=blocks)
