"""Chunks: how many points to evaluate at once."""

import torch
from torch.autograd.graph import saved_tensors_hooks

from explorer.objective import Objective
from explorer.quantities import Wanted

_CACHE = 4 << 20
"""Bytes of one chunk's graph that still sit in the caches of common processors."""
_FEW = 64
"""Below so many points a chunk is ruled by the overhead of calling PyTorch, not by the cache."""
_MOST = 64 << 20
"""Bytes that a chunk of few points may take."""
_LARGE = 8 << 20
"""A point with such a graph keeps all cores busy by itself: batching points gains nothing."""


def bytes_per_point(objective: Objective, wanted: Wanted, directions: int) -> int:
    """Return about how much memory one point of a chunk takes: what its graph saves, and theta with its gradient.

    Measured on one evaluation; data and buffers, which all points share, are not counted. Results never depend on it.
    """
    theta = objective.theta
    per_graph = _saved_bytes(objective)
    # Forward over reverse keeps value and tangent of forward and backward, for every direction.
    graphs = 1 + (2 * directions + 2 if "curvature" in wanted.names else 0)
    return graphs * per_graph + 4 * theta.nbytes


def points_per_chunk(bytes_each: int) -> int:
    """Return how many points of `bytes_each` to evaluate at once: what fits the cache, but not too few."""
    return max(1, _CACHE // bytes_each, min(_FEW, _MOST // bytes_each))


def is_large(bytes_each: int) -> bool:
    """Return whether a point is so large that points are better evaluated one after another."""
    return bytes_each > _LARGE


def _saved_bytes(objective: Objective) -> int:
    shared = {tensor.untyped_storage().data_ptr() for tensor in objective.resident()}
    saved: dict[int, int] = {}

    def note(tensor: torch.Tensor) -> torch.Tensor:
        try:
            place, size = tensor.untyped_storage().data_ptr(), tensor.untyped_storage().nbytes()
        except RuntimeError:
            # A tensor of torch.func (a term with jvp inside) has no storage of its own to look at.
            place, size = id(tensor), tensor.numel() * tensor.element_size()
        if place not in shared:
            saved[place] = size
        return tensor

    with torch.enable_grad(), saved_tensors_hooks(note, lambda tensor: tensor):
        # The result keeps the graph, and so every saved tensor, alive until all are counted.
        kept = objective(objective.theta.requires_grad_())
    del kept
    return sum(saved.values())
