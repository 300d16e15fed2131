"""A field: one quantity over the two axes of a landscape."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from explorer.figures.interpolated import note_of
from explorer.figures.stand_ins import Progress, progress_of
from explorer.landscape import STATUS, Status, axes_of, one_seed, quantity_of, refuse_others, status_of


@dataclass(frozen=True, eq=False)
class Field:
    """Values over a plane, named."""

    name: str
    labels: tuple[str, str]
    """Of the horizontal and of the vertical axis."""
    first: NDArray[np.float64]
    """Points of the horizontal axis [A]."""
    second: NDArray[np.float64]
    """Points of the vertical axis [B]."""
    values: NDArray[np.float64]
    """[A, B], in label order; a point not measured (yet) has the value of the nearest one that is."""
    measured: NDArray[np.float64]
    """The values of the measured points alone [M]: colours are chosen and holes counted by these."""
    title: str
    progress: Progress
    note: str = ""
    """What is said of interpolated points; "" where there are none."""
    status: NDArray[np.int8] | None = None
    """[A, B], of landscapes with interpolated points; None for all others."""

    @property
    def rows(self) -> NDArray[np.float64]:
        """Values [B, A] as plotly draws them: one row for each point of the vertical axis."""
        return self.values.T

    @property
    def thinned(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """(first, second, values) of the finest regular grid that is measured: all of it, once the sweep has ended."""
        stride = self.progress.stride
        return self.first[::stride], self.second[::stride], self.values[::stride, ::stride]

    @property
    def spans(self) -> tuple[float, float]:
        """Lengths of the two axes."""
        return float(np.ptp(self.first)), float(np.ptp(self.second))


def field_of(landscape: xr.Dataset, quantity: str = "loss", seed: int | None = None) -> Field:
    """Return a variable of the landscape, or one of its terms by the term's name, as a field.

    Args:
        seed: which of the planes, where there are several.

    Raises:
        ValueError: no such quantity or seed, one that is not over two axes, or no point computed yet.
    """
    landscape = one_seed(landscape, seed)
    array = quantity_of(landscape, quantity)
    labels = axes_of(landscape, array)
    if len(labels) != 2:
        raise ValueError(f"expected a landscape over two axes; got {labels}: draw a line with explorer.figures.line")
    refuse_others(array, quantity, labels)
    progress = progress_of(landscape, labels, quantity)
    first, second = (np.asarray(array[label].values, dtype=np.float64) for label in labels)
    values = np.asarray(array.transpose(*labels).values, dtype=np.float64)
    # The status is known of every point: nothing stands for it.
    known = Progress(np.ones_like(progress.computed)) if quantity == STATUS else progress
    title = title_of(landscape.attrs, quantity) + progress.words
    return Field(
        quantity,
        (labels[0], labels[1]),
        first,
        second,
        known.filled(values),
        values[known.measured],
        title,
        progress,
        note_of(landscape, quantity),
        _status(landscape, labels),
    )


def _status(landscape: xr.Dataset, labels: tuple[str, ...]) -> NDArray[np.int8] | None:
    status = status_of(landscape, labels)
    return status if (status == Status.INTERPOLATED).any() else None


def title_of(attrs: dict[str, Any], quantity: str) -> str:
    """Return what a figure is called: the quantity, and the loss behind it where that is known."""
    return f"{quantity}: {attrs['loss_name']}" if "loss_name" in attrs else quantity
