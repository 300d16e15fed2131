"""Evaluation: a job's points, measured by the strategy that was planned."""

import json

import torch
from torch import Tensor

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

    @property
    def size(self) -> int:
        """How many points to ask for at once: the plan's, or more once they are measured by machine code."""
        compiled = isinstance(self._measures[0], Traced) and self._measures[0].is_compiled
        return widened(self.plan.chunk, self.plan.bytes_each) if compiled else self.plan.chunk

    def at(self, positions: Indices) -> Fields:
        """Return the fields at these flat positions [n], in their order, where they were measured."""
        fields: Fields = {}
        for number, which, coords in self.job.by_plane(positions):
            part = self._on(number, coords)
            if len(which) == len(positions):
                return part
            for name, values in part.items():
                room = fields.setdefault(name, values.new_empty((len(positions), *values.shape[1:])))
                room[torch.from_numpy(which)] = values
        return fields

    def _on(self, plane: int, coords: Tensor) -> Fields:
        pieces = [self._measures[plane](piece) for piece in torch.split(coords, self.size)]
        if len(pieces) == 1:
            return pieces[0]
        return {name: torch.cat([piece[name] for piece in pieces]) for name in pieces[0]}

    def describe(self) -> Attributes:
        """Return strategy, chunk size, calibration and what was rewritten for every strategy, as attributes."""
        return {
            "strategy": self.plan.strategy.name,
            "chunk_size": self.plan.chunk,
            "calibration": json.dumps(self.plan.describe()),
            "rewrites": ", ".join(self._measures[0].notes if isinstance(self._measures[0], Traced) else ()),
        }
