"""Numbers as the pages write them, keep them in a window, and mark them on axes."""

import math
from itertools import pairwise

import pytest
from playwright.sync_api import Page


@pytest.mark.parametrize(
    ("value", "text"),
    [("0", "0"), ("1.592", "1.592"), ("-0.06244", "−0.06244"), ("12345.6", "12350"), ("99999.9", "100000"),
     ("123456", "1.23e5"), ("1e-7", "1e−7"), ("-2.5e-12", "−2.5e−12"), ("0.001", "0.001"), ("1e300", "1e300"),
     ("NaN", "…"), ("Infinity", "∞"), ("-Infinity", "−∞")],
)  # fmt: skip
def test_a_number_has_four_digits_and_a_real_minus(lesson: Page, value: str, text: str) -> None:
    assert lesson.evaluate(f"explorer.short({value})") == text


@pytest.mark.parametrize(("share", "text"), [(1.2345, "123 %"), (0.1, "10 %"), (0.0994, "9.9 %"), (0.00123, "0.12 %")])
def test_a_share_is_whole_from_ten_on(stores: Page, share: float, text: str) -> None:
    assert stores.evaluate(f"explorer.percent({share})") == text


@pytest.mark.parametrize("window", [(-4, 4), (-0.013, 0.021), (1e4, 3e4), (0.1, 0.1 + 1e-9)])
def test_a_coordinate_is_kept_to_a_millionth_of_its_window(stores: Page, window: tuple[float, float]) -> None:
    low, high = window
    for share in (-1, 0, 0.123456789, 1 / 3, 1, 7):
        value = low + share * (high - low)
        kept = stores.evaluate("([value, window]) => explorer.tidy(value, window)", [value, list(window)])
        inside = min(high, max(low, value))
        # Half a unit of the last digit, which is at most a millionth of the width, or the sixth; and float64's own.
        assert kept == pytest.approx(inside, abs=max(0.5e-6 * min(1, high - low), 1e-15 * abs(high)))
        assert len(repr(kept).replace("-", "").replace(".", "")) <= 17


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-3, 7.5), (0.0123, 0.0187), (-2e6, 5e6)])
def test_ticks_are_round_and_cover_the_range(lesson: Page, low: float, high: float) -> None:
    ticks = lesson.evaluate("(range) => explorer.ticks(range, 6)", [low, high])
    steps = [after - before for before, after in pairwise(ticks)]
    assert 2 <= len(ticks) <= 7
    assert low <= ticks[0] <= ticks[-1] <= high
    assert steps == pytest.approx([steps[0]] * len(steps), rel=1e-9)
    mantissa = steps[0] / 10 ** math.floor(math.log10(steps[0] * (1 + 1e-9)))
    assert any(mantissa == pytest.approx(digit) for digit in (1, 2, 5, 10))


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0.02, 3, [0.02, 0.05, 0.1, 0.2, 0.5, 1, 2]), (1e-3, 1e3, [1e-3, 1e-2, 0.1, 1, 10, 100, 1000]),
     (1e-13, 2, [1e-12, 1e-9, 1e-6, 1e-3, 1]), (1.1, 1.9, [1.2, 1.4, 1.6, 1.8])],
)  # fmt: skip
def test_ticks_of_a_logarithmic_axis(lesson: Page, low: float, high: float, expected: list[float]) -> None:
    assert lesson.evaluate("(range) => explorer.logTicks(range)", [low, high]) == pytest.approx(expected)


def test_a_line_is_broken_where_it_is_no_number(lesson: Page) -> None:
    drawn = lesson.evaluate("explorer.pathOf([[0, 1], [2, 3.06], [4, NaN], [5, -Infinity], [6, 7], [8, 9]])")
    assert drawn == "M0.0,1.0L2.0,3.1M6.0,7.0L8.0,9.0"
