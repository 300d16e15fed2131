"""Three long valleys: two places far apart, both on the valley's floor."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from experiments.activities.gate import Check, played_on
from experiments.activities.measuring import gradient_at, loss_at, losses_at, residuals
from experiments.activities.wording import number, place, way
from explorer.study import Activity, Verdict, Visit


@dataclass(frozen=True)
class Valley:
    """What counts as far apart and as floor on one target set."""

    name: str
    title: str
    target: str
    floor: float
    """The highest loss that still counts as the floor."""
    apart: float
    """Distance asked for in the plane of w and b."""
    where: str
    moral: str

    def activity(self) -> Activity:
        """Return the activity on this valley."""
        text = (f"{self.where} Visit two places at least {self.apart:g} apart, "
                f"both with $L \\le {self.floor:g}$.")  # fmt: skip
        return Activity(self.name, self.title, text, {"target": self.target, "loss": "mse"}, _checker(self))


def _checker(valley: Valley) -> Check:
    @played_on(valley.target, "mse")
    def check(visits: Sequence[Visit], answer: str) -> Verdict:
        floor = [v for v, value in zip(visits, losses_at(visits).tolist(), strict=True) if value <= valley.floor]
        if not floor:
            return Verdict(False, _down(visits[-1], valley))
        first, second, distance = _farthest(floor)
        if distance < valley.apart:
            return Verdict(False, _along(floor[-1], distance, valley))
        return Verdict(True, f"{_both(first, second, distance)} {valley.moral}")

    return check


def _farthest(visits: list[Visit]) -> tuple[Visit, Visit, float]:
    points = torch.tensor([(visit.w, visit.b) for visit in visits], dtype=torch.float64)
    distances = torch.cdist(points, points, compute_mode="donot_use_mm_for_euclid_dist")
    index = int(distances.argmax())
    return visits[index // len(visits)], visits[index % len(visits)], float(distances.max())


def _down(here: Visit, valley: Valley) -> str:
    dw, db = gradient_at(here)
    hint = f" The arrow points toward {way(-dw, -db)}." if math.hypot(dw, db) > 1e-12 else ""
    return f"L = {number(loss_at(here))} here; the floor is where L ≤ {valley.floor:g}.{hint}"


def _along(latest: Visit, distance: float, valley: Valley) -> str:
    spot = f"{place(latest.w, latest.b)} is on the floor, with L = {number(loss_at(latest))}."
    return f"{spot} Your places on the floor are {number(distance)} apart so far; go on to {valley.apart:g}."


def _both(first: Visit, second: Visit, distance: float) -> str:
    w, b = torch.tensor([(v.w, v.b) for v in (first, second)], dtype=torch.float64).T
    change = residuals(first.target, w, b).diff(dim=0).abs().max()
    return (
        f"At {place(first.w, first.b)} L = {number(loss_at(first))}; at {place(second.w, second.b)}, "
        f"{number(distance)} away, L = {number(loss_at(second))}. No prediction changed by more than "
        f"{number(float(change))}. The same distance straight across, from halfway, leads to "
        f"L = {number(_across(first, second))}."
    )


def _across(first: Visit, second: Visit) -> float:
    """Return the smaller loss of the two places beside the middle, as far from it as the visits are apart."""
    dw, db = second.w - first.w, second.b - first.b
    w, b = (first.w + second.w) / 2, (first.b + second.b) / 2
    beside = [Visit(first.target, first.loss, first.parameters, w - s * db, b + s * dw) for s in (-1, 1)]
    return min(losses_at(beside).tolist())


LONG_VALLEYS = tuple(
    valley.activity()
    for valley in (
        Valley(
            "long_valley_trough",
            "A trough without an end",
            "sloped_line",
            floor=0.335,
            apart=5.0,
            where="The targets reach 2, the neuron only 1, so it saturates as $w$ grows.",
            moral="The curve is nearly a step already, and a steeper step costs almost the same: at b = 0 the loss "
            "stays below 1/3 however large w becomes. The gradient fades out there, and that makes descent slow.",
        ),
        Valley(
            "long_valley_baseline",
            "A true valley",
            "short_baseline",
            floor=0.005,
            apart=1.0,
            where="All inputs lie close to 0, where the slope of the curve hardly matters.",
            moral="With x near 0 the predictions barely feel w, but they feel b in full. The curvatures differ by a "
            "factor of about 64, and a step safe for the steep one is tiny for the other.",
        ),
        Valley(
            "long_valley_tilted",
            "A tilted valley",
            "offset_line",
            floor=0.05,
            apart=1.5,
            where="All inputs lie between 2 and 4, so a larger $w$ can be paid for with a smaller $b$.",
            moral="Raising w by 1 and lowering b by 3 leaves w·x + b unchanged in the middle of the data, at x = 3. "
            "Measure x from its mean and the trade is gone: the factor between the curvatures falls from 323 to 3.",
        ),
    )
)
