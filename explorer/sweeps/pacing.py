"""Pacing: how many points of a sweep are saved together."""

import numpy as np

from explorer.store.schema import DTYPES, MOST_CHUNK_BYTES, MOST_CHUNKS
from explorer.sweeps.dataset import extra_dims
from explorer.sweeps.job import Job
from explorer.sweeps.planning.plan import Plan

_CHUNK_SECONDS = 1.0
"""That a chunk of the store should take: making it last, some milliseconds, then costs less than 1 %."""
_REWRITTEN = 1 << 14
"""Points that are saved together where a chunk is written more than once: a megabyte at most, some milliseconds."""


def chunk_of(job: Job, chosen: Plan) -> int:
    """Return how many points are saved together: what takes about a second, within the limits of a store."""
    return min(_most(job), max(lasting(chosen, job.points), -(-job.points // MOST_CHUNKS)))


def rewritten_chunk(job: Job) -> int:
    """Return how many points lie together where a chunk is written more than once."""
    return min(_most(job), max(_REWRITTEN, -(-job.points // MOST_CHUNKS)))


def lasting(chosen: Plan, points: int) -> int:
    """Return how many points take about a second, if so many take what was planned."""
    each = chosen.seconds / points
    return chosen.chunk * (max(1, round(_CHUNK_SECONDS / (each * chosen.chunk))) if each > 0 else 1)


def _most(job: Job) -> int:
    widest = max(int(np.prod([len(labels) for labels in dims.values()])) for dims in extra_dims(job).values())
    return min(job.points, MOST_CHUNK_BYTES // (widest * max(DTYPES.values())))
