"""Expectation: from how far predictions were off, how far those between finer nodes may be."""

import numpy as np

from explorer.refinement.level import COARSE, Level, Mask, highest
from explorer.refinement.loss_scale import LOG, PLAIN, Scale
from explorer.refinement.splines import Floats

_BEST, _MARGIN = 0.25, 3.0
"""How misses shrink from one level to the next: to a sixteenth where a surface is smooth, to a half along a kink. They
are trusted to shrink a third as fast as they did before, and to a quarter at best."""
_SWINGS = (0.12, 0.03)
"""Of a jump: how far a cubic spline swings two and three nodes beside it; from node to node it is 2 - sqrt(3) times as
much (de Boor 1978)."""


class Expectation:
    """What is known of the misses of both splines, each on the spline's own scale, where they change little from one
    node to the next: a miss that is nothing beside a large loss may be all of a small one.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        # Over the grid, at the nodes of the last level: misses of evaluated ones; those times what they shrink by; and
        # how far those that are interpolated may be off.
        self._missed = {scale: np.zeros(shape) for scale in (LOG, PLAIN)}
        self._next = {scale: np.zeros(shape) for scale in (LOG, PLAIN)}
        self._off = {scale: np.zeros(shape) for scale in (LOG, PLAIN)}

    def expected(self, level: Level) -> dict[Scale, Floats]:
        """Return how far each spline's predictions may be off at the level's nodes: by what it missed in their
        surroundings, and by what the values that it goes through are off."""
        return {
            way: _swinging(self._next[way][level.where]) + level.between(self._off[way]) for way in level.predictions
        }

    def learn(self, level: Level, known: Mask, found: Floats, off: dict[Scale, Floats]) -> None:
        """Take in the misses at a level's nodes.

        Args:
            level, known: nodes, and which of them are evaluated.
            found: losses there.
            off: how far, on each scale, the losses that the other nodes were given may be off.
        """
        for way, predicted in level.predictions.items():
            missed = np.where(known & level.new, way.apart(predicted, found), 0.0)
            shrinks = _shrinking(highest(self._missed[way][level.where], COARSE), highest(missed, COARSE))
            for kept, new in (
                (self._missed, missed),
                (self._next, missed * shrinks),
                (self._off, np.where(known, 0.0, off[way])),
            ):
                kept[way][...] = 0.0
                kept[way][level.where] = new


def _swinging(missed: Floats) -> Floats:
    """Return how far a spline may be off around nodes where it is going to miss by so much."""
    found = highest(missed, COARSE)
    # Holes are no jumps: they are continued.
    finite = np.where(np.isfinite(missed), missed, 0.0)
    for steps, share in enumerate(_SWINGS, start=2):
        found = np.maximum(found, share * highest(finite, steps * COARSE))
    return found


def _shrinking(before: Floats, now: Floats) -> Floats:
    """Return by which factor misses are going to shrink from this level to the next; 1 where nothing is known."""
    comparable = np.isfinite(before) & np.isfinite(now) & (before > 0)
    return np.clip(np.divide(_MARGIN * now, before, out=np.ones_like(now), where=comparable), _BEST, 1.0)
