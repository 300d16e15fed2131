"""A landscape along one axis as a line, with the band that several seeds span."""

from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
import xarray as xr
from numpy.typing import NDArray

from explorer.figures.dimensions import SEED, label_dims, labels_of, variable
from explorer.figures.field import title_of
from explorer.figures.partial import Progress
from explorer.figures.theme import axis, layout, plain

_LINE, _BAND = "#1a5fc4", "rgba(26, 95, 196, 0.18)"


@dataclass(frozen=True, eq=False)
class Band:
    """A quantity along one axis: over the seeds at each point its lowest, middle and highest value."""

    label: str
    points: NDArray[np.float64]
    """[A]."""
    low: NDArray[np.float64]
    median: NDArray[np.float64]
    high: NDArray[np.float64]
    """Each [A]; NaN where no seed has a finite value. One seed: all three the same."""
    seeds: int
    holes: int
    """Computed values that are NaN or infinite; they are left out."""
    title: str
    progress: Progress


def band_of(landscape: xr.Dataset, quantity: str = "loss") -> Band:
    """Return a quantity of a landscape along one axis.

    Raises:
        ValueError: no such quantity, or a landscape over more than one axis.
    """
    array = variable(landscape, quantity)
    labels = labels_of(landscape, array)
    if len(labels) != 1:
        raise ValueError(f"expected a landscape over one axis; got {labels}: explorer.figures.heatmap draws a plane")
    [label] = labels
    rows = array if SEED in array.dims else array.expand_dims(SEED)
    label_dims(rows, quantity, (SEED, label))
    values = np.asarray(rows.transpose(SEED, label).values, dtype=np.float64)
    progress = Progress(_computed(landscape, label, values.shape))
    holes = int((progress.computed & ~np.isfinite(values)).sum())
    finite = np.where(np.isfinite(values), values, np.nan)
    low, median, high = _quantiles(finite)
    points = np.asarray(array[label].values, dtype=np.float64)
    title = title_of(landscape.attrs, quantity) + progress.words
    return Band(label, points, low, median, high, len(values), holes, title, progress)


def _computed(landscape: xr.Dataset, label: str, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    if "status" not in landscape:
        return np.ones(shape, bool)
    status = landscape["status"]
    rows = status if SEED in status.dims else status.expand_dims({SEED: shape[0]})
    return np.asarray(rows.transpose(SEED, label).values != 0)


def _quantiles(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return lowest, median and highest over the seeds [3, A]; NaN, without numpy's warning, where there are none."""
    found = np.full((3, values.shape[1]), np.nan)
    there = np.isfinite(values).any(axis=0)
    if there.any():
        found[:, there] = np.nanquantile(values[:, there], (0.0, 0.5, 1.0), axis=0)
    return found


def line(landscape: xr.Dataset, quantity: str = "loss", *, log: bool = False) -> go.Figure:
    """Draw a quantity of a landscape along one axis; for several seeds their median in the band from lowest to highest.

    Args:
        landscape: with one axis, and `seed` before it where there are several.
        quantity: a variable, or the name of a term.
        log: whether the values are drawn on a logarithmic axis; those that are not positive are then left out.

    Raises:
        ValueError: as for `band_of`.
    """
    band = band_of(landscape, quantity)
    figure = go.Figure(layout={**layout(band.title), "xaxis": axis(band.label), "yaxis": axis(quantity)})
    if band.seeds > 1:
        figure.add_traces([_edge(band, band.high, None), _edge(band, band.low, "tonexty")])
    text = f"{plain(band.label)} %{{x:.4g}}<br>{plain(quantity)} %{{y:.4g}}<extra></extra>"
    drawn = np.isfinite(band.median)
    figure.add_scatter(
        x=band.points[drawn] if not band.progress.finished else band.points,
        y=band.median[drawn] if not band.progress.finished else band.median,
        mode="lines",
        line={"color": _LINE, "width": 2},
        hovertemplate=text,
        name=f"median of {band.seeds} seeds" if band.seeds > 1 else plain(quantity),
    )
    figure.update_layout(showlegend=band.seeds > 1)
    return figure.update_yaxes(type="log" if log else "linear")


def _edge(band: Band, values: NDArray[np.float64], fill: str | None) -> go.Scatter:
    there = np.isfinite(values)
    return go.Scatter(
        x=band.points[there],
        y=values[there],
        mode="lines",
        line={"width": 0},
        fill=fill,
        fillcolor=_BAND,
        hoverinfo="skip",
        name="lowest to highest",
        showlegend=fill is not None,
    )
