"""Finding: one answer to "is my plot right?"."""

import math
from dataclasses import dataclass, field
from typing import Any, Literal

from explorer.numerics.text import duration

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


def not_looked_at(seconds: float) -> str:
    """Return what is said of what would take so many seconds, after "The radius"."""
    return f'was not looked at, as it takes about {duration(max(seconds, 0.1))}: report="full" looks at all'


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
