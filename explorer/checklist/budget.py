"""Budget: how much of a report is asked for, and what of it fits into the seconds that it may take."""

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal

from explorer.checklist.finding import LEFT
from explorer.landscape import report_of

Depth = bool | Literal["full"]
"""No report; what takes little beside the sweep; or all of it."""
Piece = Literal["evaluation", "gradient", "product", "other precision"]
"""What findings are made of: an evaluation of the objective, its gradient, a product with its Hessian; an evaluation in
the other of the two common precisions."""
Pieces = Mapping[Piece, int]

_SECONDS, _SHARE = 0.5, 0.2
"""What a report may take, whichever is more: seconds, or a share of the sweep's."""
_USUAL: Mapping[Piece, float] = {"evaluation": 1.0, "gradient": 4.0, "product": 4.0, "other precision": 3.0}
"""In evaluations, until it is known: about what each takes."""


class OverBudgetError(Exception):
    """Raised where another piece of work would take more than is left."""


class Budget:
    """Seconds that may be spent on pieces of work, and what these take.

    Args:
        seconds: all that may be spent, from now on.
        evaluation: seconds that an evaluation takes at least, as long as none has been timed.
        clock: seconds that have passed.
    """

    def __init__(
        self, seconds: float = math.inf, evaluation: float = 0.0, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._clock, self._end = clock, clock() + seconds
        self._evaluation = evaluation
        self._took: dict[Piece, float] = {}

    @property
    def left(self) -> float:
        """Seconds that are left; below 0 where the last piece took longer than expected."""
        return self._end - self._clock()

    def price(self, pieces: Pieces) -> float:
        """Return about how many seconds so many pieces take."""
        return sum(number * self._each(piece) for piece, number in pieces.items())

    @contextmanager
    def spend(self, piece: Piece) -> Iterator[None]:
        """Time a piece of work. Raises OverBudgetError instead of beginning one that does not fit."""
        began = self._clock()
        if self._each(piece) > self._end - began:
            raise OverBudgetError
        yield
        # The first one often prepares something for all.
        self._took[piece] = min(self._took.get(piece, math.inf), self._clock() - began)

    def _each(self, piece: Piece) -> float:
        evaluation = self._took.get("evaluation", self._evaluation)
        return self._took.get(piece, _USUAL[piece] * evaluation)


def budget_for(
    depth: Depth, attrs: Mapping[str, Any], points: int, clock: Callable[[], float] = time.perf_counter
) -> Budget:
    """Return what a report on a landscape may take, from now on.

    Args:
        depth: which report.
        attrs: of the landscape, of which `seconds` tells how long the sweep took.
        points: that were evaluated.
        clock: seconds that have passed.
    """
    if depth == "full":
        return Budget(clock=clock)
    swept = float(attrs.get("seconds", 0.0))
    return Budget(max(_SECONDS, _SHARE * swept), swept / max(points, 1), clock)


def still_asked(attrs: Mapping[str, Any], depth: Depth) -> Depth:
    """Return which report is asked for and not among the attributes of a landscape yet."""
    if not depth or "report" not in attrs:
        return depth
    whole = not any(LEFT in entry.values for entry in report_of(attrs))
    return "full" if depth == "full" and not whole else False
