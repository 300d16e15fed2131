"""In place: operations that overwrite what nobody needs any more, so that less memory passes through the cache."""

from torch import Tensor, fx

from explorer.objective.batching import CANNOT_TRANSFORM


def overwriting(graph: fx.GraphModule, *examples: Tensor) -> fx.GraphModule:
    """Return the graph with operations in place where that changes no result; its inputs are never written to."""
    from torch.fx.passes.reinplace import reinplace

    try:
        changed: fx.GraphModule = reinplace(graph, *examples)
    except (*CANNOT_TRANSFORM, AssertionError):
        # It looks at every operation on tensors without values, and some have no such form: then all stays as it is.
        return graph
    changed.recompile()
    return changed
