"""A field: one quantity over the two axes of a landscape."""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray


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
    """[A, B], in label order."""
    title: str

    @property
    def rows(self) -> NDArray[np.float64]:
        """Values [B, A] as plotly draws them: one row for each point of the vertical axis."""
        return self.values.T

    @property
    def spans(self) -> tuple[float, float]:
        """Lengths of the two axes."""
        return float(np.ptp(self.first)), float(np.ptp(self.second))


def field_of(landscape: xr.Dataset, quantity: str = "loss") -> Field:
    """Return a variable of the landscape, or one of its terms by the term's name, as a field.

    Raises:
        ValueError: no such quantity, or one that is not over two axes.
    """
    array = _array(landscape, quantity)
    if array.ndim != 2:
        raise ValueError(
            f"expected a quantity over two axes; {quantity!r} has dimensions {array.dims}: select the others first, "
            "for example landscape.isel(direction=0)"
        )
    labels = _labels(landscape, array)
    array = array.transpose(*labels)
    first, second = (np.asarray(array[label].values, dtype=np.float64) for label in labels)
    values = np.asarray(array.values, dtype=np.float64)
    return Field(quantity, labels, first, second, values, _title(landscape.attrs, quantity))


def _array(landscape: xr.Dataset, quantity: str) -> xr.DataArray:
    if quantity in landscape.data_vars:
        return landscape[quantity]
    if "term" in landscape.coords and quantity in np.atleast_1d(landscape["term"].values):
        return landscape["terms"].sel(term=quantity)
    raise ValueError(f"expected a quantity among {[str(name) for name in landscape.data_vars]}; got {quantity!r}")


def _labels(landscape: xr.Dataset, array: xr.DataArray) -> tuple[str, str]:
    """Take the order from the sweep's attributes, so that a transposed file is still drawn the right way."""
    stored = json.loads(landscape.attrs.get("labels", "[]"))
    first, second = stored if set(stored) == set(array.dims) else array.dims
    return str(first), str(second)


def _title(attrs: dict[str, Any], quantity: str) -> str:
    return f"{quantity}: {attrs['loss_name']}" if "loss_name" in attrs else quantity
