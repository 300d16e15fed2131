"""NetCDF 4: everything, with dimensions, coordinates and provenance."""

import xarray as xr

from explorer.errors import ExplorerError
from explorer.extras import package


def netcdf_bytes(landscape: xr.Dataset) -> bytes:
    """Return the whole Dataset as a file that xarray, MATLAB, R and Panoply read.

    Raises:
        ExplorerError: a name that NetCDF does not take.
    """
    wrong = [str(name) for name in landscape.variables if "/" in str(name)]
    if wrong:
        raise ExplorerError(f"expected names without '/' for NetCDF; got {wrong}: rename them with landscape.rename")
    package("h5netcdf", "dashboard")
    attrs = {name: int(value) if isinstance(value, bool) else value for name, value in landscape.attrs.items()}
    try:
        return bytes(landscape.assign_attrs(attrs).to_netcdf(engine="h5netcdf"))
    except (ValueError, TypeError, KeyError, RuntimeError) as error:
        # Names and texts that HDF5 does not take, such as a NUL: in our own landscapes there are none.
        raise ExplorerError(f"expected names and attributes that NetCDF takes; got {error}") from None
