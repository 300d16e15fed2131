"""The drawer: the whole lesson, the answers folded."""

from dash import html

from experiments import STUDIES
from explorer.dashboard.lesson.cards.drawer import lesson_parts

LESSON = STUDIES["neuron"].lesson


def test_every_answer_is_folded_and_nothing_is_lost() -> None:
    parts = lesson_parts(LESSON)
    folds = [part for part in parts if isinstance(part, html.Details)]
    assert [fold.children[0].children for fold in folds] == ["Answer 1", "Answer 2", "Answer 3"]
    shown = " ".join(part.children[1].children if isinstance(part, html.Details) else part.children for part in parts)
    assert "**Answer" not in shown
    words = set(LESSON.split()) - {">", "**Answer", "1.**", "2.**", "3.**"}
    assert words <= set(shown.split()) | {">"}


def test_a_lesson_without_answers_is_one_text() -> None:
    (only,) = lesson_parts("# Title\n\n> a note")
    assert only.children == "# Title\n\n> a note"
