"""Evaluation: a job's points, measured as it was planned."""

import json
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

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

    def in_order(self) -> Iterator[tuple[int, Fields]]:
        """Yield (flat position of the first, fields) for all points, in the order of their positions."""
        for number, measures in enumerate(self._measures):
            compiled = [isinstance(measure, Traced) and measure.is_compiled for measure in measures]
            size = widened(self.plan.chunk, self.plan.bytes_each) if all(compiled) else self.plan.chunk
            for start in range(0, self.job.grid.size, size):
                coords = self.job.coords[start : start + size]
                pieces = [size if whole else way.chunk for whole, way in zip(compiled, self._ways, strict=True)]
                yield number * self.job.grid.size + start, _measured(measures, coords, pieces)

    def at(self, positions: Indices) -> Fields:
        """Return the fields at these flat positions [n], in their order."""
        fields: Fields = {}
        chunks = [way.chunk for way in self._ways]
        for number, which, coords in self.job.by_plane(positions):
            for name, part in _measured(self._measures[number], coords, chunks).items():
                room = fields.setdefault(name, torch.empty((len(positions), *part.shape[1:]), dtype=part.dtype))
                room[which] = part.to(room.device)
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


def _measured(measures: Sequence[Measure], coords: Tensor, chunks: Sequence[int]) -> Fields:
    """Return what all ways measure at coords [N, K], each in chunks of its own size."""
    fields: Fields = {}
    for measure, chunk in zip(measures, chunks, strict=True):
        fields |= joined([measure(piece) for piece in torch.split(coords, chunk)])
    return fields
