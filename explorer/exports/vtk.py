"""VTK ImageData (.vti) for ParaView: raw appended Float64, bit for bit."""

from xml.sax.saxutils import quoteattr

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from explorer.errors import ExplorerError
from explorer.exports.one_plane import one_slice
from explorer.landscape import text_of

_UNEVEN = 1e-9
"""Share of the spacing by which a point may lie beside its place: rounding of linspace stays far below."""


def vti_bytes(landscape: xr.Dataset) -> bytes:
    """Return an image with a point array for each quantity, components along its extra dimension, and provenance.

    Format: VTK XML, ImageData, appended raw data with UInt64 sizes (VTK File Formats, "XML File Formats"). The first
    label is x and varies fastest. Every value is written as Float64, exactly, `status` included.

    Raises:
        ExplorerError: more than two axes, or one whose points are not evenly spaced.
    """
    labels = one_slice(landscape, "VTK")
    spans = [_even(label, landscape[label].values) for label in labels] + [(0.0, 1.0, 1)] * (3 - len(labels))
    extent = " ".join(f"0 {points - 1}" for _, _, points in spans)
    origin = " ".join(repr(low) for low, _, _ in spans)
    spacing = " ".join(repr(step) for _, step, _ in spans)
    arrays, data = [], b""
    for name, variable in landscape.data_vars.items():
        components = _components(landscape, variable, labels)
        values = variable.transpose(*labels[::-1], ...).values.astype("<f8").tobytes()
        arrays.append(f'<DataArray type="Float64" Name={quoteattr(str(name))} {components}'
                      f'format="appended" offset="{len(data)}"/>')  # fmt: skip
        data += len(values).to_bytes(8, "little") + values
    head = (
        '<?xml version="1.0"?>\n'
        '<VTKFile type="ImageData" version="1.0" byte_order="LittleEndian" header_type="UInt64">\n'
        f'<ImageData WholeExtent="{extent}" Origin="{origin}" Spacing="{spacing}">\n'
        f"<FieldData>{_text('provenance', text_of(landscape.attrs))}</FieldData>\n"
        f'<Piece Extent="{extent}"><PointData Scalars="loss">\n{chr(10).join(arrays)}\n</PointData></Piece>\n'
        '</ImageData>\n<AppendedData encoding="raw">\n_'
    )
    return head.encode() + data + b"\n</AppendedData>\n</VTKFile>\n"


def _even(label: str, values: NDArray[np.float64]) -> tuple[float, float, int]:
    """Return (first point, spacing, points) of an axis."""
    points = len(values)
    step = float(values[-1] - values[0]) / (points - 1) if points > 1 else 1.0
    away = np.abs(values - (values[0] + step * np.arange(points))).max()
    if not away <= _UNEVEN * abs(step):
        raise ExplorerError(f"expected evenly spaced points along {label!r} for VTK; got some {away:.3g} away")
    return float(values[0]), step, points


def _components(landscape: xr.Dataset, variable: xr.DataArray, labels: tuple[str, ...]) -> str:
    extra = [dim for dim in variable.dims if dim not in labels]
    if not extra:
        return ""
    names = [""]
    for dim in extra:
        names = [f"{before} {each}".strip() for before in names for each in landscape[dim].values]
    named = " ".join(f"ComponentName{i}={quoteattr(name)}" for i, name in enumerate(names))
    return f'NumberOfComponents="{len(names)}" {named} '


def _text(name: str, text: str) -> str:
    """Return a string as VTK's XML has it: the codes of its bytes, ending in 0."""
    codes = " ".join(str(code) for code in (*text.encode(), 0))
    return f'<DataArray type="String" Name="{name}" NumberOfTuples="1" format="ascii">{codes}</DataArray>'
