"""Writing: the format is that of the file's suffix."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import xarray as xr

from explorer.errors import ExplorerError
from explorer.exports.hdf5 import hdf5_bytes
from explorer.exports.html_page import html_bytes
from explorer.exports.netcdf import netcdf_bytes
from explorer.exports.polydata import vtp_bytes
from explorer.exports.table import csv_bytes
from explorer.exports.vtk import vti_bytes
from explorer.files import write_whole
from explorer.signature import checked

Encoder = Callable[[xr.Dataset], bytes]
_ENCODERS: Mapping[str, Encoder] = {
    ".nc": netcdf_bytes,
    ".h5": hdf5_bytes,
    ".vti": vti_bytes,
    ".csv": csv_bytes,
    ".html": html_bytes,
}
SUFFIXES = tuple(_ENCODERS)
"""What can be written: NetCDF, HDF5 in Li et al.'s layout, VTK, CSV, a page that needs nothing else."""

_OF_TOPOLOGIES: Mapping[str, Encoder] = {".nc": netcdf_bytes, ".vtp": vtp_bytes}


@checked
def export(landscape: xr.Dataset, path: str | os.PathLike[str]) -> Path:
    """Write a landscape into one file, whole or not at all, and return its path; a file that is there is replaced.

    Args:
        landscape: as `sweep` and `open_landscape` return it, also one that is not finished; or a topology of one.
        path: ends in one of SUFFIXES, which says the format; of a topology in .nc, or in .vtp (VTK: its tree).

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
    if landscape.attrs.get("kind") == "topology":
        return _encoder(suffix, _OF_TOPOLOGIES, "for a topology")(landscape)
    return _encoder(suffix, _ENCODERS, "for a landscape")(landscape)


def _encoder(suffix: str, encoders: Mapping[str, Encoder], what: str) -> Encoder:
    encoder = encoders.get(suffix.lower())
    if encoder is None:
        raise ExplorerError(
            f"expected a file {what} that ends in one of {', '.join(encoders)}; got {suffix or 'no suffix'!r}"
        )
    return encoder
