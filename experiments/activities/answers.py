"""Answers chosen from buttons."""

from experiments.activities.wording import LABELS, listed
from explorer.study import Verdict

ALL_LOSSES = tuple(LABELS.items())
"""(value, label) of a button for every loss."""


def not_an_answer(answer: str, answers: tuple[tuple[str, str], ...]) -> Verdict | None:
    """Return what to say where no answer has been chosen, None where one has."""
    if answer in dict(answers):
        return None
    labels = listed([label for _, label in answers])
    return Verdict(False, f"Look around, then choose an answer: {labels}.")
