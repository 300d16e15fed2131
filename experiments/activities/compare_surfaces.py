"""Compare surfaces: the same data under three losses."""

from collections.abc import Sequence

import torch
from torch import Tensor

from experiments.activities.gate import played_on
from experiments.activities.measuring import delta_of, open_name, residuals
from experiments.activities.wording import LABELS, listed, number
from experiments.targets import TARGETS
from explorer.study import Activity, Verdict, Visit

TARGET = "two_points"
NEEDED = ("mse", "mae", "huber")


def shares(target: str, delta: float, cells: int = 400) -> tuple[float, float]:
    """Return the shares of the window where all residuals are within delta, and where all are beyond it.

    Huber is half of MSE on the first part, and delta MAE - delta^2/2 on the second. Counted at the middles of
    `cells` by `cells` squares: 400 are right to about 0.2 %.
    """
    w, b = torch.meshgrid(*(_middles(TARGETS[target].window[key], cells) for key in ("w", "b")), indexing="ij")
    size = residuals(target, w, b).abs()
    return float((size <= delta).all(-1).double().mean()), float((size >= delta).all(-1).double().mean())


def _middles(extent: tuple[float, float], cells: int) -> Tensor:
    low, high = extent
    return low + (high - low) * (torch.arange(cells, dtype=torch.float64) + 0.5) / cells


@played_on(TARGET)
def _check(visits: Sequence[Visit], answer: str) -> Verdict:
    seen = {open_name(visit.loss) for visit in visits}
    missing = [LABELS[name] for name in NEEDED if name not in seen]
    if missing:
        return Verdict(False, f"Seen so far: {listed([LABELS[n] for n in LABELS if n in seen])}. "
                              f"Still to look at: {listed(missing)}.")  # fmt: skip
    delta = next(delta_of(visit) for visit in reversed(visits) if open_name(visit.loss) == "huber")
    return Verdict(True, _notice(delta))


def _notice(delta: float) -> str:
    bowl, straight = shares(TARGET, delta)
    return (
        "The minimum never moved: an exact fit exists here, and every loss is 0 there and nowhere else. Around it "
        "MSE has ellipses and MAE parallelograms, creased along the two lines where a residual is 0. Huber with "
        f"δ = {number(delta)} is half of MSE on {bowl:.0%} of the map and MAE up to scale on {straight:.0%}; "
        "change δ and watch both shares change."
    )


COMPARE_SURFACES = Activity(
    name="compare_surfaces",
    title="Compare surfaces",
    text="Look at MSE, MAE and Huber without changing the data. What moves, and what stays?",
    setup={"target": TARGET, "loss": "mse"},
    check=_check,
)
