"""Numerals: the numbers in a file's name, as whoever named it meant them.

5e2 is 500, 12k is 12,000, 0.91 is one number and no step, 1e-3 is a rate, and 2024-03-05_14-30 is a moment. A number
that stands directly after a letter has no exponent, unless the word is one for steps: s1e3 is seed 1, epoch 3.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

_NUMERAL = re.compile(
    r"""
    (?P<moment> (?<!\d) (?:19|20)\d\d (?P<between>[-_.]) [01]\d (?P=between) [0-3]\d (?!\d)
                (?: [-_T.\ ]{1,2} \d\d [-_.:h]? \d\d (?: [-_.:m]? \d\d )? (?!\d) )?
              | (?<!\d) (?:19|20)\d{6} [-_T] \d{4} (?:\d\d)? (?!\d) )
  | (?P<power>  (?: (?<![a-z]) | (?<=step) | (?<=steps) | (?<=iter) | (?<=epoch) )
                \d+ (?:\.\d+)? e \+? \d{1,2} (?![a-z\d]) )
  | (?P<rate>   \d+ (?:\.\d+)? e - \d{1,2} (?![a-z\d]) )
  | (?P<count>  \d+ (?:\.\d+)? ) (?P<unit> (?-i:[kKmMB]) ) (?![a-z\d])
  | (?P<share>  \d+ \. \d+ )
  | (?P<whole>  \d+ )
    """,
    re.ASCII | re.IGNORECASE | re.VERBOSE,
)
_UNITS = {"k": 10**3, "m": 10**6, "b": 10**9}
_MOMENT_DIGITS = 14


@dataclass(frozen=True)
class Numeral:
    """A number in a name."""

    before: str
    """What stands between it and the number before it, or the name's beginning."""
    value: Decimal
    """Of a moment its digits, which come in the order of time."""
    kind: Literal["whole", "measured", "moment"]
    """Whether it counts something, or has a fraction, or is a time of day."""

    @property
    def word(self) -> str:
        """The letters before it."""
        return "".join(filter(str.isalpha, self.before)).lower()


def numbers_in(name: str) -> tuple[Numeral, ...]:
    """Return the numbers in a name, in order."""
    found, end = [], 0
    for match in _NUMERAL.finditer(name):
        found.append(_numeral(name[end : match.start()], match))
        end = match.end()
    return tuple(found)


def _numeral(before: str, match: re.Match[str]) -> Numeral:
    if match["moment"]:
        digits = "".join(filter(str.isdigit, match["moment"]))
        return Numeral(before, Decimal(digits.ljust(_MOMENT_DIGITS, "0")), "moment")
    value = Decimal(match["count"]) * _UNITS[match["unit"].lower()] if match["unit"] else Decimal(match[0])
    measured = match["share"] or match["rate"] or value != value.to_integral_value()
    return Numeral(before, value, "measured" if measured else "whole")
