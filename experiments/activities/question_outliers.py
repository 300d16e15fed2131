"""Question 3: which loss for data with a few outliers?"""

from collections.abc import Sequence

from experiments.activities.answers import not_an_answer
from experiments.activities.gate import played_on
from experiments.activities.match_loss import judge
from experiments.activities.measuring import delta_of
from experiments.activities.wording import LABELS
from explorer.study import Activity, Verdict, Visit

TARGET = "outliers"
ANSWERS = tuple((name, LABELS[name]) for name in ("mse", "mae", "huber"))


@played_on(TARGET)
def _check(visits: Sequence[Visit], answer: str) -> Verdict:
    return not_an_answer(answer, ANSWERS) or judge(TARGET, answer, delta_of(visits[-1]))


QUESTION_OUTLIERS = Activity(
    name="question_outliers",
    title="Question 3: which loss for outliers?",
    text="Two readings are wrong. Which loss would you train with? Huber is judged with the $\\delta$ now set.",
    setup={"target": TARGET, "loss": "mse"},
    check=_check,
    answers=ANSWERS,
)
