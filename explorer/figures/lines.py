"""A landscape along one axis as a line, with the band that several seeds span."""

from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
import xarray as xr
from numpy.typing import NDArray

from explorer.figures.field import title_of
from explorer.figures.interpolated import JOINED, note_of, standings
from explorer.figures.stand_ins import Progress
from explorer.figures.theme import axis, layout, plain
from explorer.landscape import (
    SEED,
    Status,
    axes_of,
    named_quantity,
    one_seed,
    quantity_of,
    refuse_others,
    status_of,
    unmeasured,
)
from explorer.signature import checked

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
    note: str = ""
    """What is said of interpolated points; "" where there are none."""
    words: tuple[str, ...] = ()
    """"evaluated" or "interpolated" for each point; empty where none is interpolated."""


def band_of(landscape: xr.Dataset, quantity: str = "loss") -> Band:
    """Return a quantity of a landscape along one axis.

    Raises:
        ValueError: no such quantity, or a landscape over more than one axis.
    """
    array = quantity_of(landscape, quantity)
    labels = axes_of(landscape, array)
    if len(labels) != 1:
        raise ValueError(f"expected a landscape over one axis; got {labels}: explorer.figures.heatmap draws a plane")
    [label] = labels
    rows = array if SEED in array.dims else array.expand_dims(SEED)
    refuse_others(rows, quantity, (SEED, label))
    values = np.asarray(rows.transpose(SEED, label).values, dtype=np.float64)
    status = status_of(landscape, (SEED, label))
    progress = Progress(status != Status.NOT_COMPUTED, unmeasured=unmeasured(quantity, status))
    holes = int((progress.measured & ~np.isfinite(values)).sum())
    rows_of = (Progress(row != Status.NOT_COMPUTED, unmeasured=unmeasured(quantity, row)) for row in status)
    drawn = np.array([_joined(row, progress) for row, progress in zip(values, rows_of, strict=True)])
    finite = np.where(np.isfinite(drawn), drawn, np.nan)
    low, median, high = _quantiles(finite)
    points = np.asarray(array[label].values, dtype=np.float64)
    title = title_of(landscape.attrs, quantity) + progress.words
    note = note_of(landscape, quantity, JOINED)
    return Band(label, points, low, median, high, len(values), holes, title, progress, note, _words(quantity, status))


def _joined(values: NDArray[np.float64], progress: Progress) -> NDArray[np.float64]:
    """Return the values [A] of one seed with straight lines between measured points, where the loss was interpolated
    and this quantity was not."""
    return values if progress.unmeasured is None or not progress.measured.any() else progress.between(values)


def _words(quantity: str, status: NDArray[np.int8]) -> tuple[str, ...]:
    """Return a word for each point; of several seeds "evaluated" is said where all are, else what most stands for."""
    if not (status == Status.INTERPOLATED).any():
        return ()
    told = np.where((status == Status.INTERPOLATED).any(axis=0), Status.INTERPOLATED, status.max(axis=0))
    return tuple(map(str, standings(quantity, told, "between evaluated points")))


def _quantiles(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return lowest, median and highest over the seeds [3, A]; NaN, without numpy's warning, where there are none."""
    found = np.full((3, values.shape[1]), np.nan)
    there = np.isfinite(values).any(axis=0)
    if there.any():
        found[:, there] = np.nanquantile(values[:, there], (0.0, 0.5, 1.0), axis=0)
    return found


@checked
def line(
    landscape: xr.Dataset,
    quantity: str = "loss",
    *,
    log: bool = False,
    seed: int | None = None,
    term: str | None = None,
) -> go.Figure:
    """Draw a quantity of a landscape along one axis; for several seeds their median in the band from lowest to highest.

    Args:
        landscape: with one axis, and `seed` before it where there are several.
        quantity: a variable, or the name of a term.
        log: whether the values are drawn on a logarithmic axis; those that are not positive are then left out.
        seed: one of several, alone.
        term: one of the terms of the loss.

    Raises:
        ValueError: as for `band_of`.
    """
    quantity = named_quantity(landscape, quantity, term)
    band = band_of(landscape if seed is None else one_seed(landscape, seed), quantity)
    figure = go.Figure(layout={**layout(band.title, [band.note]), "xaxis": axis(band.label), "yaxis": axis(quantity)})
    if band.seeds > 1:
        figure.add_traces([_edge(band, band.high, None), _edge(band, band.low, "tonexty")])
    how = " (%{text})" if band.words else ""
    text = f"{plain(band.label)} %{{x:.4g}}<br>{plain(quantity)} %{{y:.4g}}{how}<extra></extra>"
    drawn = np.isfinite(band.median) | band.progress.finished
    figure.add_scatter(
        x=band.points[drawn],
        y=band.median[drawn],
        text=np.array(band.words)[drawn] if band.words else None,
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
