"""Numbers and shares as sentences, titles and labels say them."""

from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, Context

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(value: float) -> str:
    """Return a number with three significant digits."""
    return f"{value:.3g}"


def numbers_apart(one: float, other: float) -> tuple[str, str]:
    """Return two numbers with three significant digits, or as many as tell them apart."""
    digits = next((n for n in range(3, 17) if f"{one:.{n}g}" != f"{other:.{n}g}"), 3)
    return f"{one:.{digits}g}", f"{other:.{digits}g}"


def typeset(value: float) -> str:
    """Return the same with a true minus sign and raised powers of ten: 0.2, −1.5, 4.33 × 10⁻⁵."""
    digits, marker, power = number(value).partition("e")
    scale = f" × 10{str(int(power)).translate(_RAISED)}" if marker else ""
    return digits.replace("-", "−") + scale


def at_most(value: float) -> str:
    """Return a number with three digits, rounded up: an upper bound stays one in its sentence."""
    return number(float(Context(prec=3, rounding=ROUND_CEILING).create_decimal_from_float(value)))


def at_least(value: float) -> str:
    """Return a number with three digits, rounded down: a lower bound stays one in its sentence."""
    return number(float(Context(prec=3, rounding=ROUND_FLOOR).create_decimal_from_float(value)))


def one_decimal(value: float) -> str:
    """Return a number with one digit after the point."""
    return f"{value:.1f}"


def percent(share: float, words: Callable[[float], str] = number) -> str:
    """Return a share as a percentage; `words` rounds."""
    return f"{words(100 * share)} %"


def percent_at_most(share: float) -> str:
    """Return a share as a percentage with two digits, rounded up: for the notes on figures, which have little room."""
    # 100 * 0.07 is not 7 in every last digit: what is whole but for rounding stays as it is.
    digits = Context(prec=2, rounding=ROUND_CEILING).create_decimal_from_float(100 * share * (1 - 1e-12))
    return f"{float(digits):.6g} %"


def percent_done(share: float) -> str:
    """Return how much of something is done: never 100 % before all of it is."""
    return f"{int(100 * share)} %"


def percent_of_many(share: float) -> str:
    """Return how many of many are meant: never 0 % where there are some, nor 100 % where there are others."""
    if 0 < share < 0.01:
        return "under 1 %"
    return "over 99 %" if 0.99 < share < 1 else f"{100 * share:.0f} %"


def duration(seconds: float) -> str:
    """Return seconds for a reader: "0.4 s", "12 s", "3 min", "2.5 h"."""
    if seconds < 90:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def batches_text(batches: int, count: float) -> str:
    """Return how many batches there are, and what they count."""
    return f"{'1 batch, which counts' if batches == 1 else f'{batches:,} batches, which count'} {count:,g}"
