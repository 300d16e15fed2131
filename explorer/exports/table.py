"""CSV: one row a point, one column a number, bit for bit."""

import csv
import io

import numpy as np
import xarray as xr

from explorer.exports.one_plane import columns
from explorer.landscape import STATUS, dims_of

_FORMULA = ("=", "+", "-", "@")
"""What a spreadsheet would compute instead of show."""


def csv_bytes(landscape: xr.Dataset) -> bytes:
    """Return a table: a column for each axis, then `status`, then each quantity, a component a column.

    Numbers are Python's shortest that read back as the same float64 (a float32's too), `nan` and `inf` among them.
    Provenance does not fit into a table: NetCDF has it.
    """
    labels = dims_of(landscape)
    mesh = np.meshgrid(*(landscape[label].values for label in labels), indexing="ij")
    found = dict(zip(labels, mesh, strict=True))
    measured = dict(columns(landscape, labels))
    found |= {STATUS: measured.pop(STATUS)} if STATUS in measured else {}
    found |= measured
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([f"'{name}" if name.startswith(_FORMULA) else name for name in found])
    # tolist gives Python's numbers, whose text is repr's.
    writer.writerows(zip(*(values.reshape(-1).tolist() for values in found.values()), strict=True))
    return text.getvalue().encode()
