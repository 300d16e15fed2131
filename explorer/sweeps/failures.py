"""Failures: points whose evaluation raised."""

import numpy as np
from numpy.typing import NDArray

from explorer.landscape import Status
from explorer.warned import warn


def failure_text(error: Exception | None) -> str:
    """Return what was raised, in a line."""
    return f"{type(error).__name__}: {error}"


def tell_failures(status: NDArray[np.int8], error: Exception, advice: str = "") -> None:
    """Warn of points that failed. Where nothing came out it is no corner, and the error is told as it is.

    Args:
        status: of all points.
        error: the first of one that could not be measured.
        advice: what becomes of them.
    """
    failed = int(np.count_nonzero(status == Status.FAILED))
    if not np.isin(status, (Status.EVALUATED, Status.INTERPOLATED)).any():
        raise error
    if not failed:
        return
    warn(
        f"{failed:,} of {status.size:,} points could not be evaluated ({failure_text(error)}); they are "
        f"marked as failed{advice}"
    )
