"""HDF5 as the scripts of Li et al. (2018), "Visualizing the Loss Landscape of Neural Nets", write and read it."""

import io

import numpy as np
import xarray as xr

from explorer.errors import ExplorerError
from explorer.exports.one_plane import one_slice
from explorer.extras import package
from explorer.landscape import LOSS, text_of

_NAMES = {LOSS: "train_loss", "accuracy": "train_acc", "test_accuracy": "test_acc"}
"""Ours -> theirs; others keep their names, which their scripts pass over."""


def hdf5_bytes(landscape: xr.Dataset) -> bytes:
    """Return the landscape with `xcoordinates`, `ycoordinates` and values [iy, ix], accuracies in percent.

    Their layout (plot_surface.py, scheduler.py) has values along ycoordinates first although it declares (nx, ny);
    h52vtp.py and plot_2D.py reshape them, so that a plane with as many points along both axes is read rightly by all
    of their scripts, another by those that look at the shape. Their mark for "not computed", -1, is not written: it is
    NaN here. All attributes are in `provenance`, as JSON text.

    Raises:
        ExplorerError: more than two axes, or no loss.
    """
    labels = one_slice(landscape, "HDF5 in Li et al.'s layout")
    if LOSS not in landscape:
        raise ExplorerError(f"expected a landscape with a loss for HDF5; got {[str(name) for name in landscape]}")
    h5py = package("h5py", "dashboard")
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        for coordinate, label in zip(("xcoordinates", "ycoordinates"), labels, strict=False):
            file[coordinate] = np.asarray(landscape[label].values, dtype=np.float64)
            file[coordinate].attrs["label"] = label
        for name, variable in landscape.data_vars.items():
            rows = variable.transpose(*labels[::-1], ...)
            file[_NAMES.get(str(name), str(name))] = _percent(str(name), rows)
        # Not as attributes of the file, which end at 64 KiB.
        file["provenance"] = text_of(landscape.attrs)
    return buffer.getvalue()


def _percent(name: str, rows: xr.DataArray) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
    """Return values; of an accuracy that is a share (none above 1) in percent, as theirs are."""
    values = np.asarray(rows.values)
    finite = values[np.isfinite(values)]
    share = name in ("accuracy", "test_accuracy") and finite.size and finite.min() >= 0 and finite.max() <= 1
    return values * 100 if share else values
