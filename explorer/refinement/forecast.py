"""Forecast: at every node the prediction of that spline which is expected to be the closer one there."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from explorer.refinement.level import Mask, highest
from explorer.refinement.loss_scale import LOG, PLAIN, Range, Scale
from explorer.refinement.splines import Floats

_USUAL = 0.25
"""Of how far a prediction may be off: how far it is, mostly."""


@dataclass(frozen=True, eq=False)
class Forecast:
    """What the nodes of a level are expected to be."""

    losses: Floats
    off: dict[Scale, Floats]
    """How far they may be off, on either scale."""


def best_of(
    predictions: Mapping[Scale, Floats], expected: Mapping[Scale, Floats], known: Mask, found: Floats, span: Range
) -> Forecast:
    """Return the better prediction at each node.

    Args:
        predictions: the scale on which a spline is drawn -> losses.
        expected: how far each may be off, on its own scale; to which come its misses at the neighbors.
        known, found: which nodes are evaluated, and their losses.
        span: on whose scale the better one is chosen.
    """
    forecasts = []
    for way, predicted in predictions.items():
        beside = highest(np.where(known, way.apart(predicted, found), 0.0), 1)
        own = np.maximum(expected[way], beside)
        forecasts.append(Forecast(predicted, {scale: way.shift(predicted, own, scale) for scale in (LOG, PLAIN)}))
    return forecasts[0] if len(forecasts) == 1 else _closer(forecasts[0], forecasts[1], span.scale)


def _closer(first: Forecast, second: Forecast, scale: Scale) -> Forecast:
    """Return of two forecasts the one that is expected to be closer at each node.

    Where they lie further apart than the other one is mostly off, the closer one is off by the rest: a valley between
    the nodes shows itself to the spline through L, and not to that through log L.
    """
    better = second.off[scale] < first.off[scale]
    losses = np.where(better, second.losses, first.losses)
    off = {each: np.where(better, second.off[each], first.off[each]) for each in first.off}
    other = np.where(better, first.off[scale], second.off[scale])
    gap = scale.apart(first.losses, second.losses)
    rest = np.subtract(gap, _USUAL * other, out=np.zeros_like(gap), where=np.isfinite(other))
    return Forecast(losses, off | {scale: np.maximum(off[scale], rest)})
