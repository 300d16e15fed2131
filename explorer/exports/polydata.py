"""VTK PolyData (.vtp) of a topology for ParaView: minima and passes as points, joined by lines."""

from collections.abc import Mapping
from xml.sax.saxutils import quoteattr

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from explorer.errors import ExplorerError
from explorer.landscape import text_of

_MOST_AXES = 3


def vtp_bytes(topology: xr.Dataset) -> bytes:
    """Return the tree as lines: from the minimum of one basin over the pass to that of the other, for each pair.

    Points lie where they lie in the plane, so that they fall on the landscape's own .vti; the minima first, then the
    passes. Point arrays: `value`; `kind`, 0 of minima and 1 of passes; `certified`, `persistence` and `error` of each
    pair, at its pass and at the minimum that ends there (of one that never does 1, NaN, NaN); `refined_value` where
    that is known. Format: VTK XML, PolyData, appended raw data with UInt64 sizes (VTK File Formats, "XML File
    Formats"); Float64, and Int64 of the lines.

    Raises:
        ExplorerError: it is none of `explorer.topology`, or over more than three axes.
    """
    if topology.attrs.get("kind") != "topology" or "minimum_at" not in topology:
        raise ExplorerError("expected what explorer.topology returns for .vtp; got another Dataset: use .vti for those")
    axes = topology.sizes["direction"]
    if axes > _MOST_AXES:
        raise ExplorerError(f"expected a topology over at most three axes for VTK; got {axes}")
    minima, pairs = topology.sizes["minimum"], topology.sizes["pair"]
    points = np.zeros((minima + pairs, _MOST_AXES))
    points[:, :axes] = np.concatenate([topology["minimum_at"].values, topology["pass_at"].values])
    ways = np.stack([topology["basin_a"].values, minima + np.arange(pairs), topology["basin_b"].values], axis=1)
    arrays = _point_arrays(topology)
    file = _Appended()
    data = "\n".join(file.array(name, values) for name, values in arrays.items())
    where = file.array("Points", points, 'NumberOfComponents="3" ')
    lines = file.array("connectivity", ways.astype(np.int64)) + file.array("offsets", 3 * np.arange(1, pairs + 1))
    spots = file.array("connectivity", np.arange(len(points))) + file.array("offsets", np.arange(1, len(points) + 1))
    codes = " ".join(str(code) for code in (*text_of(topology.attrs).encode(), 0))
    head = (
        '<?xml version="1.0"?>\n'
        '<VTKFile type="PolyData" version="1.0" byte_order="LittleEndian" header_type="UInt64">\n<PolyData>\n'
        '<FieldData><DataArray type="String" Name="provenance" NumberOfTuples="1" format="ascii">'
        f"{codes}</DataArray></FieldData>\n"
        f'<Piece NumberOfPoints="{len(points)}" NumberOfVerts="{len(points)}" NumberOfLines="{pairs}" '
        f'NumberOfStrips="0" NumberOfPolys="0">\n<PointData Scalars="value">\n{data}\n</PointData>\n'
        f"<Points>{where}</Points>\n<Verts>{spots}</Verts>\n<Lines>{lines}</Lines>\n"
        '</Piece>\n</PolyData>\n<AppendedData encoding="raw">\n_'
    )
    return head.encode() + file.data + b"\n</AppendedData>\n</VTKFile>\n"


class _Appended:
    """Arrays one after another, and what is said of each where it is used."""

    def __init__(self) -> None:
        self.data = b""

    def array(self, name: str, values: NDArray[np.generic], more: str = "") -> str:
        kind, code = ("Int64", "<i8") if values.dtype.kind == "i" else ("Float64", "<f8")
        offset, content = len(self.data), values.astype(code).tobytes()
        self.data += len(content).to_bytes(8, "little") + content
        return f'<DataArray type="{kind}" Name={quoteattr(name)} {more}format="appended" offset="{offset}"/>'


def _point_arrays(topology: xr.Dataset) -> Mapping[str, NDArray[np.float64]]:
    """Return name -> values [M + Q] over minima and passes."""
    minima, pairs = topology.sizes["minimum"], topology.sizes["pair"]
    younger = topology["younger"].values
    found = {
        "value": np.concatenate([topology["value"].values, topology["death"].values]),
        "kind": np.repeat([0.0, 1.0], [minima, pairs]),
    }
    for name, endless in (("certified", 1.0), ("persistence", np.nan), ("error", np.nan)):
        of_minima = np.full(minima, endless)
        of_minima[younger] = topology[name].values
        found[name] = np.concatenate([of_minima, topology[name].values.astype(np.float64)])
    if "refined_value" in topology:
        found["refined_value"] = np.concatenate([topology["refined_value"].values, topology["refined_death"].values])
    return found
