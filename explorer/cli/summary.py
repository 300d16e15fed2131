"""Summary: what a sweep with a tolerance has come to, in the line that ends it."""

from collections.abc import Mapping
from typing import Any

from explorer.landscape import miss_of
from explorer.numerics.text import at_most, percent


def evaluated_words(attrs: Mapping[str, Any]) -> str:
    """Return how many points were evaluated and what the check of the others found; nothing without a tolerance."""
    miss = miss_of(attrs)
    if miss is None:
        return ""
    points, checked = f"{attrs['evaluated_points']:,} points evaluated", int(attrs["tolerance_checked"])
    if not checked:
        return f": {points}, none interpolated"
    error = f"{percent(miss, at_most)} of the range of {attrs['tolerance_scale']}"
    return f": {points}, the rest interpolated, off by {error} or less at {checked:,} checked points"
