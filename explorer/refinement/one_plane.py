"""Refinement: levels of nested nodes, of which only those are evaluated that a spline through the coarser ones might
miss; then points all over the rest are evaluated to see whether it did."""

from collections.abc import Generator
from dataclasses import dataclass
from itertools import islice, pairwise

import numpy as np

from explorer.refinement.expected_misses import Expectation
from explorer.refinement.forecast import best_of
from explorer.refinement.level import Level, Mask, widened
from explorer.refinement.loss_scale import Range, range_of
from explorer.refinement.nested_nodes import Indices, grid_levels
from explorer.refinement.scattered_checks import scattered_positions
from explorer.refinement.splines import Floats

_FULL = 2
"""So many levels are evaluated whole: without the second there is nothing to tell whether the first predicts."""
_CAREFUL = 0.4
"""Of the tolerance: the largest miss to be left alone, since the largest there is is hardly ever among those seen."""
_COARSEST = 0.05
"""A tolerance: misses that are larger than it say that there is more between the nodes than they see."""
_ROUGH = 0.5
"""Share of all points that had to be evaluated, or of a level's that were mispredicted, where prediction is no use."""
_MANY = 8
"""A level that has one in so many of all points ought to predict well."""
_STEADY = 4
"""Rounds of evaluating what lies beside a miss, after which each takes in more."""
_CHECKS, _SHARE = 32, 0.03
"""Points that are checked at first; of a small grid this share."""
_TRIES = 16
"""Scattered points to look at for each that is to be checked."""


@dataclass(frozen=True, eq=False)
class Refined:
    """What came of a refinement."""

    values: Floats
    """Losses [N], evaluated or interpolated."""
    evaluated: Mask
    """Which [N] are evaluated."""
    error: float
    """The largest miss at the points that were checked, as a share of the range; 0 where everything is evaluated."""
    checked: int
    """How many of those there were."""
    scale: str
    """What the share is of: "log L" or "L"."""


def refining(shape: tuple[int, ...], tolerance: float) -> Generator[Indices, Floats, Refined]:
    """Yield flat positions [n] to be evaluated, each once, and be sent their losses [n]; NaN for what has none. Return
    what came of it.

    Nothing is random: the same losses lead to the same positions in the same order.

    Args:
        shape: points along each axis of a line or plane.
        tolerance: the largest miss to accept, as a share of the range.
    """
    return _Refinement(shape, tolerance).run()


class _Refinement:
    def __init__(self, shape: tuple[int, ...], tolerance: float) -> None:
        self.shape, self.limit = shape, _CAREFUL * min(tolerance, _COARSEST)
        self.levels = grid_levels(shape)
        self.values = np.full(shape, np.nan)
        self.evaluated = np.zeros(shape, dtype=bool)
        self.suspects = np.array([], dtype=np.int64)
        """Where a check failed: every level is evaluated around there."""

    def run(self) -> Generator[Indices, Floats, Refined]:
        full = np.zeros(self.shape, dtype=bool)
        full[np.ix_(*self.levels[min(_FULL, len(self.levels)) - 1])] = True
        yield from self._evaluate(full)
        error, checked = yield from self._checked()
        if not checked:
            yield from self._evaluate(np.ones(self.shape, dtype=bool))
        error, checked = (0.0, 0) if self.evaluated.all() else (error, checked)
        return Refined(self.values.reshape(-1), self.evaluated.reshape(-1), error, checked, self.range.scale.name)

    @property
    def range(self) -> Range:
        return range_of(self.values[self.evaluated])

    def _checked(self) -> Generator[Indices, Floats, tuple[float, int]]:
        """Refine until points that had no part in it are predicted well; return their largest miss and their number, 0
        where there is nothing left to predict, or no use in it."""
        places, wanted = scattered_positions(self.shape), max(1, min(_CHECKS, int(_SHARE * self.values.size)))
        while (yield from self._descend()):
            candidates = np.fromiter(islice(places, _TRIES * wanted), dtype=np.int64)
            left = candidates[~self.evaluated.reshape(-1)[candidates]]
            checks = np.array(list(dict.fromkeys(left.tolist()))[:wanted], dtype=np.int64)
            predicted = self.values.reshape(-1)[checks]
            yield from self._evaluate(self._mask(checks))
            span = self.range
            misses = span.share(span.scale.apart(predicted, self.values.reshape(-1)[checks]))
            if (misses <= self.limit).all():
                return float(misses.max(initial=0.0)), len(checks)
            self.suspects = np.concatenate([self.suspects, checks[misses > self.limit]])
            # A surface that is wrong in a small part only must not get away by luck the next time.
            wanted *= 2
        return 0.0, 0

    def _descend(self) -> Generator[Indices, Floats, bool]:
        """Go through all levels, with what is evaluated already; return whether prediction is of any use."""
        scale = None
        # What is a miss on one scale need not be one on the other.
        while scale != self.range.scale:
            scale, expectation = self.range.scale, Expectation(self.shape)
            for coarse, fine in pairwise(self.levels):
                level = Level(self.values, coarse, fine)
                missed = yield from self._refine(level, expectation)
                rough = missed > _ROUGH and _MANY * level.new.size > self.values.size
                if rough or np.count_nonzero(self.evaluated) > _ROUGH * self.evaluated.size:
                    return False
        return True

    def _refine(self, level: Level, expectation: Expectation) -> Generator[Indices, Floats, float]:
        """Give every new node of a level a value; return the share of these that was mispredicted."""
        rounds, expected = 0, expectation.expected(level)
        doubtful = level.beside(np.argwhere(self._mask(self.suspects)))
        while True:
            yield from self._evaluate_nodes(level, doubtful)
            known, found, span = self.evaluated[level.where], self.values[level.where], self.range
            forecast = best_of(level.predictions, expected, known, found, span)
            missed = known & (span.share(span.scale.apart(forecast.losses, found)) > self.limit)
            doubtful = level.new & (span.share(forecast.off[span.scale]) > self.limit)
            doubtful = ~known & (widened(missed, 1 + rounds // _STEADY) | doubtful)
            rounds += 1
            if not doubtful.any():
                break
        expectation.learn(level, known, found, forecast.off)
        self.values[level.where] = np.where(level.new & ~known, forecast.losses, found)
        return float(np.count_nonzero(missed & level.new & np.isfinite(found)) / np.count_nonzero(level.new))

    def _evaluate_nodes(self, level: Level, wanted: Mask) -> Generator[Indices, Floats, None]:
        on_grid = np.zeros(self.shape, dtype=bool)
        on_grid[level.where] = wanted
        yield from self._evaluate(on_grid)

    def _evaluate(self, wanted: Mask) -> Generator[Indices, Floats, None]:
        """Have those of the wanted points evaluated that are not yet."""
        positions = np.flatnonzero(wanted & ~self.evaluated)
        if positions.size:
            losses = yield positions
            self.values.reshape(-1)[positions] = losses
            self.evaluated.reshape(-1)[positions] = True

    def _mask(self, positions: Indices) -> Mask:
        mask = np.zeros(self.shape, dtype=bool)
        mask.reshape(-1)[positions] = True
        return mask
