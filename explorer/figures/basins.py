"""A basin map as colours: what became of the descents from every point of a grid."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import plotly.graph_objects as go
import xarray as xr
from numpy.typing import NDArray

from explorer.figures.basin_kinds import NOT_COMPUTED, Kind, ending_kinds, minimum_kinds, places_of
from explorer.figures.colorbar import chosen_scale, color_axis
from explorer.figures.marks import marks_trace
from explorer.figures.theme import axis, layout, plain, same_unit
from explorer.landscape import STATUS, Status
from explorer.numerics.text import number, percent_done
from explorer.signature import checked

Shown = Literal["minimum", "loss", "steps", "diverged"]

_TITLES = {"minimum": "minimum reached", "loss": "final loss", "steps": "steps to settle", "diverged": "how paths end"}
_RATE = "lr"


@checked
def basin(basins: xr.Dataset, show: Shown = "minimum", *, marks: bool = True) -> go.Figure:
    """Draw a map of `explorer.basins`: its first dimension to the right, its second (a label, or "lr") upwards.

    Args:
        basins: over two dimensions; starts that were not computed stay empty.
        show: which minimum was reached, the final loss, the steps until the loss had settled, or how paths ended.
        marks: whether the minima that were reached are marked by their numbers, where both dimensions are labels.

    Raises:
        ValueError: no basin map, another number of dimensions, or another word to show.
    """
    if "final_loss" not in basins:
        raise ValueError(f"expected a map of explorer.basins; got variables {', '.join(map(str, basins.data_vars))}")
    if show not in _TITLES:
        raise ValueError(f"expected show to be one of {', '.join(_TITLES)}; got {show!r}")
    dims = [str(dim) for dim in basins["final_loss"].dims]
    if len(dims) != 2:
        raise ValueError(f"expected a basin map over two dimensions; got {dims}: select one of the others first")
    figure = go.Figure(layout=layout(_title(basins, show)) | _axes(basins, dims))
    if show in ("minimum", "diverged"):
        figure.add_traces(_kinds(basins, dims, *(minimum_kinds if show == "minimum" else ending_kinds)(basins)))
    else:
        _add_scaled(figure, basins, dims, show)
    if marks and _RATE not in dims:
        places = [{"at": place, "label": f"θ*{index + 1}"} for index, place in places_of(basins).items()]
        figure.add_trace(marks_trace(places))
    return figure


def _add_scaled(figure: go.Figure, basins: xr.Dataset, dims: Sequence[str], show: str) -> None:
    field = basins["final_loss"] if show == "loss" else basins["steps_to_tolerance"].where(lambda steps: steps >= 0)
    values = field.where(~basins["diverged"] & (basins[STATUS] == Status.EVALUATED)).values.astype(np.float64)
    # A map without a single number is an empty one.
    scale = chosen_scale(values if np.isfinite(values).any() else np.ones_like(values), "auto")
    name = _TITLES[show]
    figure.add_trace(
        _heatmap(basins, dims, scale.position(values), customdata=values.T, coloraxis="coloraxis",
                 hovertemplate=f"{_where(dims)}<br>{name} %{{customdata:.4g}}<extra></extra>")
    )  # fmt: skip
    figure.update_layout(coloraxis=color_axis(scale, name))


def _kinds(
    basins: xr.Dataset, dims: Sequence[str], codes: NDArray[np.uint8], kinds: Sequence[Kind]
) -> list[go.Heatmap | go.Scatter]:
    last = max(len(kinds) - 1, 1)
    edges = [(i + side) / len(kinds) for i in range(len(kinds)) for side in (0, 1)]
    scale = list(zip(edges, [kind.color for kind in kinds for _ in range(2)], strict=True))
    names = np.array([*(plain(kind.name) for kind in kinds), "not computed"])
    shown = np.where(codes == NOT_COMPUTED, np.nan, codes)
    heatmap = _heatmap(
        basins, dims, shown, text=names[np.minimum(codes, len(kinds))].T, colorscale=scale, zmin=-0.5, zmax=last + 0.5,
        showscale=False, hovertemplate=f"{_where(dims)}<br>%{{text}}<extra></extra>",
    )  # fmt: skip
    # One point nowhere for each kind that occurs: plotly's legend knows no kinds of a heatmap.
    return [heatmap, *(_entry(kind) for i, kind in enumerate(kinds) if bool((codes == i).any()))]


def _entry(kind: Kind) -> go.Scatter:
    marker = {"symbol": "square", "size": 12, "color": kind.color}
    return go.Scatter(x=[None], y=[None], mode="markers", marker=marker, name=plain(kind.name))


def _heatmap(basins: xr.Dataset, dims: Sequence[str], values: NDArray[Any], **given: Any) -> go.Heatmap:
    return go.Heatmap(x=basins[dims[0]].values, y=basins[dims[1]].values, z=values.T, **given)


def _where(dims: Sequence[str]) -> str:
    return f"{plain(dims[0])} %{{x:.4g}}<br>{plain(dims[1])} %{{y:.4g}}"


def _axes(basins: xr.Dataset, dims: Sequence[str]) -> dict[str, Any]:
    first, second = (axis(dim) | {"constrain": "domain"} for dim in dims)
    if dims[1] == _RATE:
        second |= {"type": "log", "title": {"text": "learning rate"}}
    elif same_unit(*(float(np.ptp(basins[dim].values)) for dim in dims)):
        second |= {"scaleanchor": "x", "scaleratio": 1}
    return {"xaxis": first, "yaxis": second, "legend": {"orientation": "h", "y": -0.15}}


def _title(basins: xr.Dataset, show: str) -> str:
    attrs = basins.attrs
    rate = f", rate {number(attrs[_RATE])}" if isinstance(attrs[_RATE], float) else ""
    done = float((basins[STATUS] == Status.EVALUATED).mean())
    share = "" if done == 1.0 else f" ({percent_done(done)} computed)"
    return f"{attrs['optimizer_title']}{rate}, {attrs['steps']} steps: {_TITLES[show]}{share}"
