"""Reached: which minimum each descent has come to."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from explorer.descent.basin_map.crowd import Ends
from explorer.descent.basin_map.many_gradients import Evaluate
from explorer.descent.basin_map.polish import Polished, polished
from explorer.objective import Objective

NONE = -1
"""Of a descent that has come to no minimum."""
_MOST = 32
"""Minima to tell apart: where there is a curve of them, no number would do."""
_TRIES = 48
"""Ends to look for a new minimum from."""
_ALONG = (0.25, 0.5, 0.75)
"""Shares of the way from an end to a minimum at which the loss is looked at."""


@dataclass(eq=False)
class Minima:
    """Minima: those that were given, in their order, or those that descents are found to come to, by their losses.

    An end has reached a minimum if its loss is at most sqrt(tolerance) above, and nowhere on the straight way to it
    the loss rises by more than that. Where each step shrinks the gap to a minimum by the factor q, a path that has
    settled to the tolerance has a gap of tolerance / (1 - q) left: at most that, unless it takes more than
    1 / sqrt(tolerance) steps to come e times closer.
    """

    objective: Objective
    evaluate: Evaluate
    size: int
    """Thetas to evaluate at once."""
    tolerance: float
    complete: bool = False
    """Whether no more are looked for."""
    points: list[Polished] = field(default_factory=list)

    @classmethod
    def of(
        cls,
        objective: Objective,
        evaluate: Evaluate,
        size: int,
        tolerance: float,
        thetas: Sequence[Tensor] | None,
    ) -> "Minima":
        """Return the minima at these thetas, or, of None, those that are going to be found."""
        given = [theta.detach().to(objective.theta) for theta in thetas or ()]
        known = [Polished(theta, float(objective(theta))) for theta in given]
        return cls(objective, evaluate, size, tolerance, thetas is not None, known)

    def find(self, ends: Ends) -> None:
        """Find the minima that the settled among these ends have reached; no more are looked for after that."""
        open_ = ~ends.diverged & (ends.settled >= 0)
        for _ in range(_TRIES):
            if len(self.points) >= _MOST or not bool(open_.any()):
                break
            self._look(ends, int(torch.where(open_, ends.losses, torch.inf).argmin()), open_)
        self.points.sort(key=lambda point: point.loss)
        self.complete = True

    def labels(self, ends: Ends) -> Tensor:
        """Return, for each end [N], the index of the minimum it has reached, or NONE."""
        found = torch.full_like(ends.settled, NONE)
        for number, point in enumerate(self.points):
            found[self._linked(ends, point, ~ends.diverged & (found == NONE))] = number
        return found

    def _look(self, ends: Ends, start: int, open_: Tensor) -> None:
        """Polish one end; if that is a new minimum, and the end has reached it, it is one more."""
        point = polished(self.objective, ends.thetas[start])
        if point is not None and not any(self._same(point, known) for known in self.points):
            mine = self._linked(ends, point, open_)
            if bool(mine[start]):
                self.points.append(point)
                open_ &= ~mine
        # Whatever came of it: its neighbors would lead to the same.
        beside = Polished(ends.thetas[start], float(ends.losses[start]))
        open_ &= ~self._linked(ends, beside, open_)
        open_[start] = False

    def _linked(self, ends: Ends, point: Polished, among: Tensor) -> Tensor:
        """Return which of the ends [N] lie at a point: no higher, and no hill between."""
        reach = math.sqrt(self.tolerance)
        near = among & ((ends.losses - point.loss).abs() <= reach)
        which = near.nonzero()[:, 0]
        for share in _ALONG:
            if not len(which):
                break
            between = torch.lerp(ends.thetas[which], point.theta, share)
            which = which[self._losses(between) <= ends.losses[which].clamp_min(point.loss) + reach]
        linked = torch.zeros_like(among)
        linked[which] = True
        return linked

    def _losses(self, thetas: Tensor) -> Tensor:
        losses = thetas.new_empty(len(thetas))
        for room, some in zip(torch.split(losses, self.size), torch.split(thetas, self.size), strict=True):
            room.copy_(self.evaluate(some)[0])
        return losses

    def _same(self, a: Polished, b: Polished) -> bool:
        scale = 1 + float(b.theta.abs().max())
        return float((a.theta - b.theta).abs().max() / scale) <= math.sqrt(self.tolerance)
