"""Evaluation: a job's points, measured by the strategy that was planned."""

import json
from collections.abc import Iterator

import torch

from explorer.sweeps.evaluation.chunk_sizes import widened
from explorer.sweeps.evaluation.fields import Fields
from explorer.sweeps.evaluation.strategies import measure_by
from explorer.sweeps.evaluation.traced import Traced
from explorer.sweeps.job import Indices, Job
from explorer.sweeps.planning.plan import Plan
from explorer.sweeps.provenance import Attributes


class Evaluation:
    """Measures points of a job, a chunk of the plan at a time."""

    def __init__(self, job: Job, plan: Plan) -> None:
        self.job, self.plan = job, plan
        self._measures = [
            measure_by(plan.strategy, job.objective, plane, job.wanted, size=plan.chunk) for plane in job.planes
        ]

    def in_order(self) -> Iterator[tuple[int, Fields]]:
        """Yield (flat position of the first, fields) for all points, in the order of their positions."""
        for number, measure in enumerate(self._measures):
            compiled = isinstance(measure, Traced) and measure.is_compiled
            size = widened(self.plan.chunk, self.plan.bytes_each) if compiled else self.plan.chunk
            for start in range(0, self.job.grid.size, size):
                yield number * self.job.grid.size + start, measure(self.job.coords[start : start + size])

    def at(self, positions: Indices) -> Fields:
        """Return the fields at these flat positions [n], in their order."""
        fields: Fields = {}
        for number, which, coords in self.job.by_plane(positions):
            pieces = [self._measures[number](piece) for piece in torch.split(coords, self.plan.chunk)]
            for name in pieces[0]:
                part = torch.cat([piece[name] for piece in pieces])
                room = fields.setdefault(name, torch.empty((len(positions), *part.shape[1:]), dtype=part.dtype))
                room[which] = part.to(room.device)
        return fields

    def describe(self) -> Attributes:
        """Return strategy, chunk size, calibration and what was rewritten for every strategy, as attributes."""
        return {
            "strategy": self.plan.strategy.name,
            "chunk_size": self.plan.chunk,
            "calibration": json.dumps(self.plan.describe()),
            "rewrites": ", ".join(self._measures[0].notes if isinstance(self._measures[0], Traced) else ()),
        }
