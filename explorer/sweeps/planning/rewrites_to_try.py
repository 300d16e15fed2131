"""Rewriting: which traced evaluation of an objective is fastest, found by trying one change after another."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import torch

from explorer.graphs import Products, Rewrites, onednn_is_available
from explorer.objective import Objective
from explorer.objective.batching import CANNOT_TRANSFORM
from explorer.sweeps.evaluation.strategies import Strategy
from explorer.sweeps.planning.timing import Timing

Try = Callable[[Strategy], Timing]
"""Times a strategy; raises where there is none such."""

_REFUSALS = (*CANNOT_TRANSFORM, AttributeError)
"""What tracing, rewriting or running a traced graph may raise where an objective does not allow it."""


def rewritings(
    objective: Objective, base: Strategy, low: torch.dtype | None, attempt: Try, until: float
) -> Iterator[Timing]:
    """Yield timings of traced evaluations, the best guess first, as long as there is time for timing.

    Args:
        objective: what is measured.
        base: the strategy that runs the model's own code; traced ones take points together if it does.
        low: the short type of products, where mixed precision is asked for.
        attempt: times a strategy.
        until: when to stop, by time.perf_counter; the first is always tried.
    """
    first = Rewrites(affine=True, products=_products(objective, low), low=low)
    queue, found = [first], 0
    while queue and (not found or time.perf_counter() < until):
        rewrites = queue.pop(0)
        timing = _attempted(attempt, base.traced(rewrites))
        if timing is None and rewrites is first:
            return
        if timing is not None:
            found += 1
            yield timing
        if rewrites is first:
            queue = _others(first)


def _products(objective: Objective, low: torch.dtype | None) -> Products:
    return "oneDNN" if low is None and onednn_is_available(objective.theta) else "as written"


def _others(first: Rewrites) -> list[Rewrites]:
    """Return what else to try: one change at a time."""
    plain = replace(first, products="as written")
    return [replace(first, affine=False), *([plain] if plain != first else [])]


def _attempted(attempt: Try, strategy: Strategy) -> Timing | None:
    try:
        return attempt(strategy)
    except torch.OutOfMemoryError:
        raise
    except _REFUSALS:
        return None
