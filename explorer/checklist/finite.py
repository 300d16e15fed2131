"""Numbers that are no numbers."""

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from explorer.checklist.finding import Finding
from explorer.checklist.inspection import Inspection
from explorer.landscape import LOSS, SEED, STATUS, Status, status_of


def check_finite(about: Inspection) -> Finding:
    """Count the points where a quantity is NaN or infinite, in the planes of all seeds, and those that failed."""
    whole = about.whole
    dims = (SEED,) * (SEED in whole.dims) + about.grid.labels
    status = status_of(whole, dims)
    evaluated = status == Status.EVALUATED
    # At interpolated points there is nothing but the loss.
    measured = evaluated | (status == Status.INTERPOLATED)
    number = f"{status.size:,} points"
    if SEED in whole.dims:
        number += f" ({about.grid.size:,} for each of {len(status)} seeds)"
    where = {str(name): measured if name == LOSS else evaluated for name in whole.data_vars if name != STATUS}
    counts = {name: _holes(whole[name], points) for name, points in where.items()}
    found, failed = {name: count for name, count in counts.items() if count}, int((status == Status.FAILED).sum())
    if not found and measured.all():
        return Finding("finite", "ok", f"All {number} have finite values.", {"points": 0})
    words = []
    if not measured.all():
        words.append(f"{int((~measured).sum()):,} have no value" + (f" ({failed:,} failed)" if failed else ""))
    if found:
        listed = ", ".join(f"{count:,} of {name}" for name, count in found.items())
        words.append(f"these are NaN or infinite: {listed}")
    values = {"points": max(found.values(), default=0), "by_name": found, "failed": failed}
    return Finding("finite", "warn", f"Of {number} {'; '.join(words)}. They are kept, and drawn as holes.", values)


def _holes(field: xr.DataArray, measured: NDArray[np.bool_]) -> int:
    """Return at how many measured points any entry of a field is NaN or infinite."""
    # Dimensions of a field's own, such as `direction`, come after those of the points.
    bad = ~np.isfinite(field.values.reshape(*measured.shape, -1)).all(axis=-1)
    return int(np.count_nonzero(bad & measured))
