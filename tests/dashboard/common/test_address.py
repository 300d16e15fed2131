"""An address is a table of fields: what differs from its default is written, what cannot be taken is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.dashboard.common.address import (
    Field,
    between,
    keys_of,
    one_of,
    parse,
    query,
    read_number,
    short,
    some_of,
    whole,
)
from explorer.errors import StateError

FIELDS = (
    Field("place", 0.5, between(-1, 1)),
    Field("count", 3, whole(0, 10), instead="the usual"),
    Field("kind", "plain", one_of(("plain", "odd & even"))),
    Field("layers", ("a",), some_of(("a", "b", "c"))),
)
values = st.fixed_dictionaries({
    "place": st.floats(-1, 1),
    "count": st.integers(0, 10),
    "kind": st.sampled_from(["plain", "odd & even"]),
    "layers": st.sampled_from([(), ("a",), ("b",), ("a", "c"), ("a", "b", "c")]),
})  # fmt: skip


@given(values)
def test_values_survive_their_address(given_values: dict[str, object]) -> None:
    assert parse(FIELDS, keys_of(query(FIELDS, given_values))) == (given_values, ())


def test_only_what_differs_is_written_in_the_order_of_the_table() -> None:
    found, _ = parse(FIELDS, {"layers": "c,b", "count": "3", "place": "1"})
    assert found == {"place": 1.0, "count": 3, "kind": "plain", "layers": ("b", "c")}
    assert query(FIELDS, found) == "place=1.0&layers=b,c"
    assert query(FIELDS, found, always=("kind",)) == "place=1.0&kind=plain&layers=b,c"


def test_what_cannot_be_taken_keeps_its_default_and_is_told() -> None:
    found, notes = parse(FIELDS, keys_of("?place=2&count=1.5&kind=x&later=7"))
    assert found == {field.key: field.default for field in FIELDS}
    assert notes == (
        "place: a number from -1 to 1 was expected, 2 came; showing 0.5 instead.",
        "count: a whole number was expected, '1.5' came; showing the usual instead.",
        "kind: one of plain, odd & even was expected, 'x' came; showing plain instead.",
    )


def test_numbers_outside_their_range_are_refused() -> None:
    with pytest.raises(StateError, match="from -1 to 1 was expected, 2 came"):
        read_number("2", -1, 1)


def test_a_long_text_of_others_is_cut() -> None:
    assert short("x" * 40) == repr("x" * 40)
    assert short("x" * 41) == repr("x" * 37 + "...")
