"""Loggers: numbers and pictures, told to whatever object has a tracker's method."""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import plotly.colors
import plotly.graph_objects as go
import xarray as xr
from numpy.typing import NDArray

from explorer import figures
from explorer.figures.field import field_of
from explorer.figures.theme import COLORS

_PIXELS = 8
"""Of a picture, along each side of a grid point."""


class Logger(Protocol):
    """Takes what is told of a step."""

    def numbers(self, values: Mapping[str, float], step: int) -> None:
        """Tell numbers by name."""
        ...

    def picture(self, name: str, landscape: xr.Dataset, step: int) -> None:
        """Tell a landscape over one or two axes."""
        ...


def logger_for(tracker: Any, *, pictures: bool) -> Logger:
    """Return how to tell a tracker: a SummaryWriter of TensorBoard (`add_scalar`), mlflow or its client (`log_metric`),
    wandb or one of its runs (`log`).

    Args:
        tracker: which.
        pictures: whether it is going to be told some.

    Raises:
        TypeError: it has none of these methods, or not the one for pictures.
    """
    for method, of_pictures, kind in (
        ("add_scalar", "add_image", _TensorBoard),
        ("log_metric", "log_figure", _MLflow),
        ("log", "log", _WeightsAndBiases),
    ):
        if not callable(getattr(tracker, method, None)):
            continue
        if pictures and not callable(getattr(tracker, of_pictures, None)):
            raise TypeError(
                f"expected a tracker with {of_pictures} beside {method}, for the frames; {type(tracker).__name__} has "
                "none: leave out plane and grid, or take another tracker"
            )
        return kind(tracker)
    raise TypeError(
        "expected a tracker with add_scalar (TensorBoard), log_metric (MLflow) or log (Weights & Biases); got "
        f"{type(tracker).__name__}"
    )


class _TensorBoard:
    def __init__(self, writer: Any) -> None:
        self._writer = writer

    def numbers(self, values: Mapping[str, float], step: int) -> None:
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)

    def picture(self, name: str, landscape: xr.Dataset, step: int) -> None:
        # It takes images, no figures of plotly: a line is told by its numbers alone.
        if len(landscape["loss"].dims) == 2:
            self._writer.add_image(name, _image(landscape), step, dataformats="HWC")


class _MLflow:
    def __init__(self, client: Any) -> None:
        self._client = client

    def numbers(self, values: Mapping[str, float], step: int) -> None:
        for name, value in values.items():
            self._client.log_metric(name, value, step=step)

    def picture(self, name: str, landscape: xr.Dataset, step: int) -> None:
        self._client.log_figure(_figure(landscape), f"{name}/{step:09d}.html")


class _WeightsAndBiases:
    def __init__(self, run: Any) -> None:
        self._run = run

    def numbers(self, values: Mapping[str, float], step: int) -> None:
        self._run.log(dict(values), step=step)

    def picture(self, name: str, landscape: xr.Dataset, step: int) -> None:
        self._run.log({name: _figure(landscape)}, step=step)


def _figure(landscape: xr.Dataset) -> go.Figure:
    return figures.contour(landscape) if len(landscape["loss"].dims) == 2 else figures.line(landscape)


def _image(landscape: xr.Dataset) -> NDArray[np.uint8]:
    """Return the colours of a landscape [height, width, 3], the second axis upwards; holes are white."""
    field = field_of(landscape)
    scale = figures.color_scale(field.measured)
    shares = scale.normalize(field.rows)[::-1]
    stops = np.array([plotly.colors.hex_to_rgb(color) for _, color in _stops()], dtype=np.float64)
    places = np.array([place for place, _ in _stops()])
    colors = np.stack([np.interp(shares, places, stops[:, channel]) for channel in range(3)], axis=-1)
    colors[~np.isfinite(shares)] = 255
    small = colors.round().astype(np.uint8)
    return small.repeat(_PIXELS, axis=0).repeat(_PIXELS, axis=1)


def _stops() -> list[tuple[float, str]]:
    return [(float(place), str(color)) for place, color in plotly.colors.get_colorscale(COLORS)]
