"""Match a loss to data: clean points, two outliers, one wild outlier."""

from collections.abc import Sequence

from experiments.activities.answers import ALL_LOSSES, not_an_answer
from experiments.activities.gate import Check, played_on
from experiments.activities.measuring import delta_of
from experiments.activities.refits import CLEAN_Y, Refit, refits, table
from experiments.activities.wording import LABELS, number
from explorer.study import Activity, Verdict, Visit

CLEAN = {
    "mse": "With nothing to resist, its smooth bowl is all you need.",
    "mae": "It works, but there is nothing to resist, and you pay for it: at its corner a fixed step chatters.",
    "huber": "It works: where no residual passes δ it is MSE, halved.",
    "log_cosh": "It works: for residuals this small it is MSE, halved.",
}
_CHATTER = "The price is a corner at the bottom: the gradient keeps its size there, so a fixed step chatters around it."


def why(fit: Refit, target: str, delta: float) -> str:
    """Return the reason behind one refit, in a sentence or two."""
    if target not in CLEAN_Y:
        return CLEAN[fit.loss]
    if fit.loss == "huber":
        return _why_huber(fit, delta)
    return {
        "mse": "A residual pulls in proportion to its size, so the outliers pull hardest of all.",
        "mae": f"Every residual pulls with the same force, so a few outliers lose against the many. {_CHATTER}",
        "log_cosh": "A residual pulls almost in proportion to its size up to about 1, like Huber with δ = 1; that is "
        "too much here, and log-cosh has no δ to turn down.",
    }[fit.loss]


def _why_huber(fit: Refit, delta: float) -> str:
    if fit.close:
        return (f"No residual pulls harder than δ = {number(delta)}, so the outliers cannot win; "
                "and the bottom stays round, without MAE's chatter.")  # fmt: skip
    return (f"A residual pulls in proportion to its size up to δ = {number(delta)}, "
            "and that is still too much here. Choose a smaller δ and answer again.")  # fmt: skip


def judge(target: str, answer: str, delta: float) -> Verdict:
    """Return the verdict on one loss for one target set: done where the fit stays close to the clean points."""
    fits = refits(target, delta)
    fit = fits[answer]
    start = f"The fit under {LABELS[answer]} misses the clean points by {number(fit.distance)} in the mean square"
    compared = "" if answer == "mse" else f" (MSE: {number(fits['mse'].distance)})"
    return Verdict(fit.close, f"{start}{compared}. {why(fit, target, delta)}", table(fits, delta))


def _checker(target: str) -> Check:
    @played_on(target)
    def check(visits: Sequence[Visit], answer: str) -> Verdict:
        return not_an_answer(answer, ALL_LOSSES) or judge(target, answer, delta_of(visits[-1]))

    return check


def _activity(name: str, title: str, target: str, text: str) -> Activity:
    return Activity(name, title, text, {"target": target, "loss": "mse"}, _checker(target), ALL_LOSSES)


MATCH_LOSS = (
    _activity(
        "match_loss_clean",
        "A loss for clean data",
        "gentle_line",
        "A line without noise or outliers. Which loss would you train with?",
    ),
    _activity(
        "match_loss_outliers",
        "A loss for two outliers",
        "outliers",
        "Two of nine targets are wrong. Which loss keeps the other seven fitted? For Huber, set $\\delta$ first.",
    ),
    _activity(
        "match_loss_wild",
        "A loss for a wild outlier",
        "wild_outlier",
        "One target is −4, where tanh never goes. Which loss ignores it best? For Huber, set $\\delta$ first.",
    ),
)
