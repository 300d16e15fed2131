"""Chunks: how many points to evaluate at once, as far as memory tells."""

import torch

from explorer.numerics.free_memory import saved_bytes
from explorer.objective import Objective
from explorer.quantities import Footprint, Wanted

_CACHE = 4 << 20
"""Bytes of one chunk's graph that still sit in the caches of common processors."""
_FEW = 64
"""Below so many points a chunk is ruled by the overhead of calling PyTorch, not by the cache."""
_MOST = 64 << 20
"""Bytes that a chunk of few points may take."""
_BUSY = 512 << 20
"""Bytes of one chunk's graph on a GPU."""
_MOST_AT_ONCE = 1 << 18
"""Points of a chunk on a GPU."""
_LARGE = 8 << 20
"""A point with such a graph keeps all cores busy by itself: batching points gains nothing."""
_GRADIENTS = 256 << 20
"""Bytes that full gradients of points may take while data are streamed past them."""


def even(chunk: int, points: int) -> int:
    """Return the size of as many chunks as so many points need, all of one size but for rounding: one that is filled up
    with points that nobody asked for costs as much as a full one."""
    chunks = -(-points // chunk)
    return -(-points // chunks)


def widened(chunk: int, each: int) -> int:
    """Return a larger chunk, of points that take so many bytes each, for machine code: most of what it works on never
    leaves the processor."""
    return chunk * max(1, _MOST // (chunk * each))


def footprint_of(objective: Objective, directions: int) -> Footprint:
    """Return what one evaluation takes, measured on one block of data; data and buffers, which all points share, are
    not counted. Results never depend on it.
    """
    part = next(objective.parts())
    graph = saved_bytes(lambda: part(objective.theta.requires_grad_()), objective.resident())
    return Footprint(graph, objective.theta.nbytes, directions)


def bytes_per_point(objective: Objective, wanted: Wanted, directions: int) -> int:
    """Return about how much memory one point of a chunk takes, by what the quantities tell of themselves."""
    return wanted.bytes(footprint_of(objective, directions))


def points_per_chunk(bytes_each: int, device: torch.device) -> int:
    """Return how many points of `bytes_each` to evaluate at once: what fits the cache, but not too few; on a GPU, what
    keeps all of it busy."""
    if device.type == "cuda":
        return max(1, min(_MOST_AT_ONCE, _BUSY // bytes_each))
    return max(1, _CACHE // bytes_each, min(_FEW, _MOST // bytes_each))


def points_per_pass(objective: Objective, wanted: Wanted) -> int:
    """Return how many points one pass over streamed data serves: as many as their full gradients leave room for."""
    if not wanted.values.keeps_gradients:
        return _FEW
    return max(1, min(_FEW, _GRADIENTS // objective.theta.nbytes))


def is_large(bytes_each: int) -> bool:
    """Return whether a point is so large that points are better evaluated one after another."""
    return bytes_each > _LARGE
