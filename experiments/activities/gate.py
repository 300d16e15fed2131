"""The gate before every check: only readable visits to the right scene pass, so that no check can fail."""

import functools
import math
from collections.abc import Callable, Sequence

from experiments.activities.measuring import open_name
from experiments.activities.wording import LABELS
from experiments.losses import DELTA
from experiments.targets import TARGETS
from explorer.study import Verdict, Visit

Check = Callable[[Sequence[Visit], str], Verdict]

FARTHEST = 1e6
"""|w| and |b| beyond this are typing errors: every neuron is a step long before."""
MOST_VISITS = 300
"""Only the latest count, so that a long session stays quick."""


def played_on(target: str | None = None, *losses: str) -> Callable[[Check], Check]:
    """Return a wrapper that shows a check only the visits it can use.

    Args:
        target: the name of the target set that the activity needs, None for any.
        losses: the losses that it allows, none for any.

    Returns:
        check -> check: where the learner's latest visit cannot be used, the verdict says which scene to go to;
        otherwise the inner check gets the usable visits, the last of them being the learner's latest.
    """

    def wrap(check: Check) -> Check:
        @functools.wraps(check)
        def careful(visits: Sequence[Visit], answer: str) -> Verdict:
            recent = visits[-MOST_VISITS:]
            usable = [v for v in recent if _readable(v) and _in_scene(v, target, losses)]
            if not usable or usable[-1] is not recent[-1]:
                return Verdict(False, _invitation(target, losses))
            return check(usable, answer)

        return careful

    return wrap


def _readable(visit: Visit) -> bool:
    near = all(math.isfinite(value) and abs(value) <= FARTHEST for value in (visit.w, visit.b))
    known = visit.target in TARGETS and open_name(visit.loss) in LABELS
    delta = visit.parameters.get(DELTA.name, math.nan)
    return near and known and math.isfinite(delta) and delta > 0


def _in_scene(visit: Visit, target: str | None, losses: tuple[str, ...]) -> bool:
    return target in (None, visit.target) and (not losses or open_name(visit.loss) in losses)


def _invitation(target: str | None, losses: tuple[str, ...]) -> str:
    scene = f"the data “{TARGETS[target].title}”" if target else "one of the lesson's data sets"
    loss = f" with the loss {' or '.join(LABELS[name] for name in losses)}" if losses else ""
    return f"This one is played on {scene}{loss}, with w and b within a million of 0. Go there to continue."
