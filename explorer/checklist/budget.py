"""How much of a report is asked for."""

import json
from collections.abc import Mapping
from typing import Any, Literal

Depth = bool | Literal["full"]
"""No report; what takes little beside the sweep; or all of it."""

LEFT = "seconds_left"
"""Among the values of a finding: about how many seconds it would take to look at what it did not look at."""


def still_asked(attrs: Mapping[str, Any], depth: Depth) -> Depth:
    """Return which report is asked for and not among the attributes of a landscape yet."""
    if not depth or "report" not in attrs:
        return depth
    return "full" if depth == "full" and not _is_whole(str(attrs["report"])) else False


def _is_whole(report: str) -> bool:
    try:
        return not any(LEFT in finding["values"] for finding in json.loads(report))
    # A store's attributes are anybody's.
    except (ValueError, TypeError, KeyError):
        return False
