"""Evaluation: a job's points, measured as it was planned."""

import json

import torch
from torch import Tensor

from explorer.numerics.turn import in_turn
from explorer.sweeps.evaluation.chunk_sizes import widened
from explorer.sweeps.evaluation.fields import Fields, Measure, joined
from explorer.sweeps.evaluation.strategies import measure_by
from explorer.sweeps.evaluation.traced import Traced
from explorer.sweeps.job import Indices, Job
from explorer.sweeps.planning.plan import Plan
from explorer.sweeps.provenance import Attributes


class Evaluation:
    """Measures points of a job, a chunk of the plan at a time."""

    def __init__(self, job: Job, plan: Plan) -> None:
        self.job, self.plan = job, plan
        self._ways = plan.ways(job.wanted.names)
        self._measures: list[list[Measure]] = [
            [
                measure_by(way.strategy, job.objective, plane, job.wanted.only(way.names), size=way.chunk)
                for way in self._ways
            ]
            for plane in job.planes
        ]

    @property
    def size(self) -> int:
        """How many points to ask for at once: the plan's, or more once they are measured by machine code."""
        compiled = all(map(_is_compiled, self._measures[0]))
        return widened(self.plan.chunk, self.plan.bytes_each) if compiled else self.plan.chunk

    @in_turn
    def at(self, positions: Indices) -> Fields:
        """Return the fields at these flat positions [n], in their order, where they were measured."""
        fields: Fields = {}
        for number, which, coords in self.job.by_plane(positions):
            part = self._on(number, coords)
            if isinstance(which, slice) or len(which) == len(positions):
                return part
            for name, values in part.items():
                room = fields.setdefault(name, values.new_empty((len(positions), *values.shape[1:])))
                room[torch.from_numpy(which)] = values
        return fields

    def describe(self) -> Attributes:
        """Return strategy, chunk size, calibration and what was rewritten for every strategy, as attributes."""
        notes = (note for each in self._measures[0] if isinstance(each, Traced) for note in each.notes)
        return {
            "strategy": self.plan.how,
            "chunk_size": self.plan.chunk,
            "calibration": json.dumps(self.plan.describe()),
            "rewrites": ", ".join(notes),
        }

    def _on(self, plane: int, coords: Tensor) -> Fields:
        """Return what all ways measure at coords [n, K] of a plane, each in chunks of its own size."""
        fields: Fields = {}
        for way, measure in zip(self._ways, self._measures[plane], strict=True):
            chunk = widened(way.chunk, self.plan.bytes_each) if _is_compiled(measure) else way.chunk
            fields |= joined([measure(piece) for piece in torch.split(coords, chunk)])
        return fields


def _is_compiled(measure: Measure) -> bool:
    return isinstance(measure, Traced) and measure.is_compiled
