"""Keys: one rule for the arrows, on every map, cut and datum."""

from typing import Any

import pytest
from playwright.sync_api import Page

MOVED = """([key, modifiers, point, windows]) => {
    const event = new KeyboardEvent("keydown", { key, cancelable: true, ...modifiers });
    return [explorer.keys.moved(event, point, windows), event.defaultPrevented];
}"""
WINDOWS = [[-4, 4], [-1, 1]]


def moved(page: Page, key: str, point: list[float], windows: list[list[float]] = WINDOWS, **modifiers: bool) -> Any:
    return page.evaluate(MOVED, [key, modifiers, point, windows])


@pytest.mark.parametrize(
    ("key", "modifiers", "expected"),
    [("ArrowRight", {}, [0.05, 0]), ("ArrowLeft", {}, [-0.05, 0]), ("ArrowUp", {}, [0, 0.0125]),
     ("ArrowDown", {"shiftKey": True}, [0, -0.0625]), ("ArrowRight", {"shiftKey": True}, [0.25, 0]),
     ("ArrowRight", {"altKey": True}, [0.001, 0])],
)  # fmt: skip
def test_a_step_is_a_share_of_the_window(lesson: Page, key: str, modifiers: dict[str, bool], expected: Any) -> None:
    point, is_taken = moved(lesson, key, [0, 0], **modifiers)
    assert point == pytest.approx(expected, abs=1e-9)
    assert is_taken


def test_a_point_stops_at_the_edge_and_keeps_the_digits_of_the_other_coordinate(lesson: Page) -> None:
    assert moved(lesson, "ArrowRight", [3.99, 0.1234567890123]) == [[4, 0.1234567890123], True]


@pytest.mark.parametrize(("key", "modifier"), [("ArrowLeft", "ctrlKey"), ("ArrowUp", "metaKey"), ("a", "shiftKey")])
def test_other_keys_are_the_browsers(lesson: Page, key: str, modifier: str) -> None:
    assert moved(lesson, key, [0, 0], **{modifier: True}) == [None, False]


def test_up_and_down_leave_a_line_alone(stores: Page) -> None:
    assert moved(stores, "ArrowUp", [0], [[-1, 1]]) == [None, False]
    assert moved(stores, "ArrowRight", [0], [[-1, 1]]) == [[0.0125], True]
