"""Numbers and shares in words: each rounds the way that its sentence needs."""

import pytest

from explorer.numerics.text import (
    at_least,
    at_most,
    duration,
    number,
    numbers_apart,
    percent,
    percent_at_most,
    percent_done,
    percent_of_many,
    typeset,
)


@pytest.mark.parametrize(
    ("share", "words"),
    [(0.004, "0.4 %"), (0.01, "1 %"), (0.0, "0 %"), (0.004401, "0.45 %"), (0.123, "13 %"), (1.5, "150 %"),
     (3e-7, "3e-05 %"), (0.07, "7 %"), (0.29, "29 %")],
)  # fmt: skip
def test_a_share_is_rounded_up_to_two_digits(share, words):
    assert percent_at_most(share) == words


def test_a_share_has_the_digits_of_its_number():
    assert (percent(0.1234), percent(1.0), percent(0.9, "{:.1f}".format)) == ("12.3 %", "100 %", "90.0 %")


@pytest.mark.parametrize(("share", "words"), [(0.0, "0 %"), (0.379, "37 %"), (0.9999, "99 %"), (1.0, "100 %")])
def test_nothing_is_done_before_it_is(share, words):
    assert percent_done(share) == words


@pytest.mark.parametrize(
    ("share", "words"), [(0.0, "0 %"), (1e-9, "under 1 %"), (0.5, "50 %"), (0.999, "over 99 %"), (1.0, "100 %")]
)
def test_some_are_not_none_and_many_are_not_all(share, words):
    assert percent_of_many(share) == words


@pytest.mark.parametrize(
    ("value", "text"), [(0.2, "0.2"), (-1.5, "−1.5"), (4.3251e-5, "4.33 × 10⁻⁵"), (-3e12, "−3 × 10¹²"), (0.0, "0")]
)
def test_numbers_are_written_for_people(value, text):
    assert typeset(value) == text


def test_labels_have_plain_numbers():
    assert [number(value) for value in (0.2, -1.5, 4.333e-5, 1234.0)] == ["0.2", "-1.5", "4.33e-05", "1.23e+03"]


@pytest.mark.parametrize("value", [6.2161, -0.00294999, 1234567.0, 3.0, 0.0, -1e-9])
def test_bounds_stay_bounds_when_they_are_rounded(value):
    assert float(at_least(value)) <= value <= float(at_most(value))
    assert float(at_most(value)) - float(at_least(value)) <= 0.01 * abs(value)


def test_durations_are_for_readers():
    assert [duration(seconds) for seconds in (0.04, 12.3, 89, 200, 9000)] == ["0.0 s", "12 s", "89 s", "3 min", "2.5 h"]


def test_two_numbers_are_told_apart():
    assert numbers_apart(1.09365, 1.08625) == ("1.094", "1.086")
    assert numbers_apart(1.5, 0.2) == ("1.5", "0.2")
    assert numbers_apart(1 / 3, 1 / 3) == ("0.333", "0.333")
