"""Timing: how long one way to evaluate points takes, on the objective itself."""

import time
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from explorer.graphs import UntraceableError
from explorer.objective import Objective
from explorer.plane import Plane
from explorer.quantities import Wanted
from explorer.sweeps.evaluation.blocks_to_try import Blocks
from explorer.sweeps.evaluation.fields import Measure
from explorer.sweeps.evaluation.strategies import Strategy, measure_by
from explorer.sweeps.planning.agreement import agrees

_BRIEF = 0.02
"""Seconds: a shorter run is repeated."""


@dataclass(frozen=True)
class Timing:
    """One measured way to evaluate points."""

    strategy: Strategy
    chunk: int
    seconds: float
    """For one point."""
    names: tuple[str, ...] = ()
    """Of the quantities that were measured; empty where these are all."""

    def describe(self) -> dict[str, Any]:
        """Return the same, JSON-ready."""
        of = {"quantities": list(self.names)} if self.names else {}
        seconds = float(f"{self.seconds:.3g}")
        return {"strategy": self.strategy.name, "chunk": self.chunk, "seconds_per_point": seconds} | of


def timed(
    objective: Objective, plane: Plane, wanted: Wanted, strategy: Strategy, points: int, like: Strategy | None = None
) -> Timing:
    """Time points around the center, warm; on one block of data for all blocks, where they are gone through.

    Args:
        objective, plane, wanted, strategy, points: what to time.
        like: a strategy that it must agree with.

    Raises:
        UntraceableError: it does not agree, or is not possible.
    """
    measure = measure_by(strategy, objective, plane, wanted, size=points, blocks=Blocks.FIRST)
    first = next(objective.parts())
    if like is not None:
        samples = 1 if first.samples is None else len(first.samples)
        both = (
            measure_by(strategy, objective, plane, wanted, size=points, blocks=Blocks.ENDS),
            measure_by(like, objective, plane, wanted, blocks=Blocks.ENDS),
        )
        if not agrees(*both, plane, samples, objective.rounding):
            raise UntraceableError(f"{strategy.name} does not yield what the model's own code yields")
    coords = _around_center(plane, points)
    measure(coords[:1])
    seconds = _once(measure, coords)
    if seconds < _BRIEF and not objective.streamed:
        # What took longer was disturbed.
        seconds = min(seconds, *(_once(measure, coords) for _ in range(2)))
    return Timing(strategy, points, seconds / points / (first.share if wanted.over_blocks else 1.0))


def _once(measure: Measure, coords: Tensor) -> float:
    _wait(coords.device)
    began = time.perf_counter()
    measure(coords)
    _wait(coords.device)
    return time.perf_counter() - began


def _around_center(plane: Plane, points: int) -> Tensor:
    coords = torch.zeros(points, len(plane.basis), dtype=plane.origin.dtype, device=plane.origin.device)
    coords[:, 0] = torch.linspace(-0.1, 0.1, points)
    return coords


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
