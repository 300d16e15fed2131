"""Writing: the format is that of the file's suffix."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import xarray as xr

from explorer.errors import ExplorerError
from explorer.exports.hdf5 import hdf5_bytes
from explorer.exports.html_page import html_bytes
from explorer.exports.netcdf import netcdf_bytes
from explorer.exports.table import csv_bytes
from explorer.exports.vtk import vti_bytes
from explorer.files import write_whole
from explorer.signature import checked

_ENCODERS: Mapping[str, Callable[[xr.Dataset], bytes]] = {
    ".nc": netcdf_bytes,
    ".h5": hdf5_bytes,
    ".vti": vti_bytes,
    ".csv": csv_bytes,
    ".html": html_bytes,
}
SUFFIXES = tuple(_ENCODERS)
"""What can be written: NetCDF, HDF5 in Li et al.'s layout, VTK, CSV, a page that needs nothing else."""


@checked
def export(landscape: xr.Dataset, path: str | os.PathLike[str]) -> Path:
    """Write a landscape into one file, whole or not at all, and return its path; a file that is there is replaced.

    Args:
        landscape: as `sweep` and `open_landscape` return it, also one that is not finished.
        path: ends in one of SUFFIXES, which says the format.

    Raises:
        ExplorerError: another suffix, a landscape that the format cannot hold, or a place that cannot be written.
    """
    path = Path(path)
    content = encode(landscape, path.suffix)
    try:
        write_whole(path, content)
    except OSError as error:
        raise ExplorerError(f"expected to write {path}; got {error.strerror}: choose another place") from None
    return path


@checked
def encode(landscape: xr.Dataset, suffix: str) -> bytes:
    """Return the content of the file that `export` writes.

    Raises:
        ExplorerError: an unknown suffix, or a landscape that the format cannot hold.
    """
    encoder = _ENCODERS.get(suffix.lower())
    if encoder is None:
        raise ExplorerError(f"expected a file that ends in one of {', '.join(SUFFIXES)}; got {suffix or 'no suffix'!r}")
    return encoder(landscape)
