"""The hidden surface: name the loss from its landscape alone."""

from collections.abc import Sequence

from experiments.activities.answers import ALL_LOSSES, not_an_answer
from experiments.activities.gate import played_on
from experiments.activities.measuring import HIDDEN, delta_of, loss_at
from experiments.activities.wording import LABELS, number, place
from experiments.activities.zooming import lowest
from explorer.study import Activity, Verdict, Visit

GIVEN_AWAY = {
    "mse": "the steepest rise: a residual of 2 costs 4, so its values spread farther than any other's",
    "mae": "creases along straight lines, one for every target that tanh can reach",
    "huber": "smooth like MSE, yet low if δ is small: beyond δ a residual costs only δ more per unit",
    "log_cosh": "smooth everywhere: half of MSE for small residuals, growing straight like MAE for large ones",
}


@played_on()
def _check(visits: Sequence[Visit], answer: str) -> Verdict:
    here = visits[-1]
    if here.loss not in HIDDEN:
        return Verdict(False, f"The name of this loss is on show. Compare as long as you like, then go back to "
                              f"{next(iter(HIDDEN))}.")  # fmt: skip
    unchosen = not_an_answer(answer, ALL_LOSSES)
    if unchosen:
        return unchosen
    return _right(here) if answer == HIDDEN[here.loss] else _wrong(here, answer)


def _at_zero(here: Visit, loss: str) -> float:
    return loss_at(Visit(here.target, loss, here.parameters, 0.0, 0.0))


def _right(here: Visit) -> Verdict:
    name = HIDDEN[here.loss]
    rows = (("loss", "lowest on the map at", "lowest value", "L(0, 0)"), *(_row(here, loss) for loss in LABELS))
    return Verdict(True, f"Yes, {LABELS[name]}. What gives it away: {GIVEN_AWAY[name]}.", rows)


def _row(here: Visit, loss: str) -> tuple[str, ...]:
    w, b, value = lowest(here.target, loss, delta_of(here))
    return LABELS[loss], place(w, b), number(value), number(_at_zero(here, loss))


def _wrong(here: Visit, answer: str) -> Verdict:
    theirs, this = _at_zero(here, answer), _at_zero(here, here.loss)
    return Verdict(False, f"Not {LABELS[answer]}. Its mark would be: {GIVEN_AWAY[answer]}. On these data it reads "
                          f"L(0, 0) = {number(theirs)}; this surface reads {number(this)}.")  # fmt: skip


HIDDEN_SURFACE = Activity(
    name="hidden_surface",
    title="Name the hidden loss",
    text="The loss of this map is not told. Walk around, read its values, look for creases, then name it.",
    setup={"target": "outliers", "loss": "hidden-1"},
    check=_check,
    answers=ALL_LOSSES,
)
