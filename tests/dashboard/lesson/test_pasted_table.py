"""Pasted tables: taken as they stand, or refused with the line that is wrong."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.dashboard.lesson.pasted_table import read, rows
from explorer.errors import StateError


@pytest.mark.parametrize(
    "text", ["1,2\n-0.5,3e-1", "x,y\n1,2\n-0.5,0.3", "1\t2\n-0.5\t0.3\n", "1;2\r\n-0.5;0.3", "  1 2\n\n -0.5   0.3"]
)
def test_the_usual_separators_and_a_heading(text: str) -> None:
    assert rows(text) == [(1.0, 2.0), (-0.5, 0.3)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "No points found"),
        ("x,y", "No points found"),
        ("1,2\n3", "Line 2: two numbers x,y were expected, 1 came"),
        ("1,2,3", "Line 1: two numbers x,y were expected, 3 came"),
        ("1,2\n3,four", "Line 2: a number was expected, 'four' came"),
        ("1,nan", "Line 1: a finite number was expected"),
        ("1,1e6", "Line 1: a number from -100 to 100 was expected"),
        ("1,1\n" * 41, "At most 40 points were expected, 41 came"),
        ("1" * 30000, "At most 20000 characters"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, said: str) -> None:
    with pytest.raises(StateError, match=said.replace("(", r"\(")):
        rows(text)
    assert read(text)["points"] == []
    assert said in read(text)["message"]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.floats(-100, 100), st.floats(-100, 100)), min_size=1, max_size=40))
def test_what_was_written_is_read_bit_for_bit(points: list[tuple[float, float]]) -> None:
    assert rows("\n".join(f"{x!r},{y!r}" for x, y in points)) == points


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    found = read(text)
    assert found["message"]
