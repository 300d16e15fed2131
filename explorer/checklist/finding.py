"""Finding: one answer to "is my plot right?"."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, Context
from typing import Any, Literal

Status = Literal["ok", "warn", "info"]

LEFT = "seconds_left"
"""Among the values of a finding: about how many seconds it would take to look at what was not looked at."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    name: str
    """One word."""
    status: Status
    """ok: as it should be; warn: look at it; info: to know when reading the picture."""
    text: str
    """One or two sentences, with the numbers."""
    values: dict[str, Any] = field(default_factory=dict)
    """The numbers, JSON-ready: those that are not finite are None."""

    def as_dict(self) -> dict[str, Any]:
        """Return the finding as an attribute holds it."""
        return {"name": self.name, "status": self.status, "text": self.text, "values": _finite(self.values)}


def shown(number: float) -> str:
    """Return a number with three digits, for a sentence."""
    return f"{number:.3g}"


def at_most(number: float) -> str:
    """Return a finite number with three digits, rounded up: an upper bound stays one in its sentence."""
    return shown(float(Context(prec=3, rounding=ROUND_CEILING).create_decimal_from_float(number)))


def at_least(number: float) -> str:
    """Return a finite number with three digits, rounded down: a lower bound stays one in its sentence."""
    return shown(float(Context(prec=3, rounding=ROUND_FLOOR).create_decimal_from_float(number)))


def percent(share: float, words: Callable[[float], str] = shown) -> str:
    """Return a share as a percentage, for a sentence; `words` rounds."""
    return f"{words(100 * share)} %"


def not_looked_at(seconds: float) -> str:
    """Return what is said of what would take so many seconds, after "The radius"."""
    return f'was not looked at, as it takes about {duration(max(seconds, 0.1))}: report="full" looks at all'


def duration(seconds: float) -> str:
    """Return seconds for a reader: "0.4 s", "12 s", "3 min", "2.5 h"."""
    if seconds < 90:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
