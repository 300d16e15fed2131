"""What annotations say is asked of arguments, and told in one sentence; what cannot be looked at passes."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import pytest
import torch
from torch import Tensor

import explorer
from explorer.signature import checked, checked_but, fits, hints_of, told


class Shape(Protocol):
    def area(self) -> float: ...


@pytest.mark.parametrize(
    ("value", "hint", "does"),
    [
        (1, int, True), (True, int, False), (np.int64(1), int, True), (1.0, int, False), ("1", int, False),
        (1, float, True), (np.float32(1), float, True), (True, float, False), (torch.ones(()), float, False),
        (True, bool, True), (1, bool, False), ("x", str, True), (b"x", str, False),
        (None, int | None, True), ("x", int | None, False), ("x", str | Path, True), (Path("x"), str | Path, True),
        ("largest", Literal["largest", "smallest"], True), (3, Literal["largest", "smallest"], False),
        # Which of them, the function says better.
        ("middle", Literal["largest", "smallest"], True),
        (("a", "b"), Sequence[str], True), ("ab", Sequence[str], False), (["a", 1], Sequence[str], False),
        (iter("ab"), Sequence[str], False), (iter([1]), Iterable[int], True), ("ab", Iterable[str], False),
        ((1, "a"), tuple[int, str], True), ((1, 2), tuple[int, str], False), ((1, 2, 3), tuple[int, ...], True),
        ({"a": 1}, Mapping[str, int], True), ({"a": "b"}, Mapping[str, int], False),
        ([("a", 1)], Mapping[str, int], False),
        (len, Callable[[Any], int], True), (3, Callable[[Any], int], False),
        (torch.ones(1), Tensor, True), (np.ones(1), Tensor, False), (int, type[int], True), (3, type[int], False),
        (3, Any, True), (3, Shape, True),
    ],
)  # fmt: skip
def test_a_value_fits_an_annotation(value: Any, hint: Any, does: bool) -> None:
    assert fits(value, hint) is does


@checked
def function(
    count: int, name: str | None = None, *rest: float, path: str | Path = ".", **more: bool
) -> tuple[Any, ...]:
    """A function with every kind of parameter."""
    return count, name, rest, path, more


@pytest.mark.parametrize(
    ("given", "named", "said"),
    [
        ((1.5,), {}, r"expected count to be a whole number; got 1.5 \(float\)"),
        ((1, 2), {}, r"expected name to be a text or None; got 2 \(int\)"),
        ((1, "x", 1.5, "y"), {}, r"expected rest to be a number; got 'y' \(str\)"),
        ((1,), {"path": b"x"}, r"expected path to be a text or a Path; got b'x' \(bytes\)"),
        ((1,), {"path": "a\0b"}, "expected path to be a name that a file can have"),
        ((1,), {"path": "a" * 300}, r"expected path to be a name that a file can have; got 'a+\.\.\. \(str\)"),
        ((1,), {"other": 1}, r"expected more to be True or False; got 1 \(int\)"),
        ((), {}, "missing 1 required positional argument: 'count'"),
    ],
)
def test_what_does_not_fit_is_told_by_its_name(given: tuple[Any, ...], named: dict[str, Any], said: str) -> None:
    with pytest.raises((TypeError, ValueError), match=said):
        function(*given, **named)


def test_what_fits_is_passed_on() -> None:
    assert function(1, "x", 2, 3.5, path=Path("y"), other=True) == (1, "x", (2, 3.5), Path("y"), {"other": True})
    assert (function.__name__, function.__doc__) == ("function", "A function with every kind of parameter.")


def test_some_arguments_can_be_left_to_the_function() -> None:
    @checked_but("count")
    def leaving(count: int, name: str) -> Any:
        return count

    assert leaving("many", "x") == "many"  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="expected name to be a text"):
        leaving(1, 2)  # type: ignore[arg-type]


def test_annotations_that_cannot_be_read_say_nothing_and_the_others_still_do() -> None:
    def half(known: int, unknown: "Nowhere") -> None:  # type: ignore[name-defined] # noqa: F821
        pass

    assert hints_of(half) == {"known": int, "return": type(None)}


@pytest.mark.parametrize("function", [explorer.sweep, explorer.descend, explorer.basins, explorer.record])
def test_nearly_all_annotations_of_the_public_functions_are_read(function: Any) -> None:
    unread = {*function.__wrapped__.__annotations__} - {*hints_of(function.__wrapped__)}
    # That of a package which only some have.
    assert unread <= {"executor"}


def test_an_annotation_is_told_in_words() -> None:
    assert told(Sequence[str] | None) == "a Sequence of a text or None"
    assert told(Mapping[str, Tensor]) == "a Mapping of a text and a torch.Tensor"
    assert told(Literal["a", "b"]) == "'a' or 'b'"
    assert told(Callable[[int], int]) == "a function"
