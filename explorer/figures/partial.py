"""A landscape that is still being computed: its nearest points stand for the missing ones, and its share is told.

For points that were computed and are lost nothing stands: nobody is about to replace a stand-in by the truth.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from explorer.figures.dimensions import label_dims

STATUS = "status"
MISSING = 0
"""Status of a point that is not computed yet."""


@dataclass(frozen=True, eq=False)
class Progress:
    """Which points of a grid are there."""

    computed: NDArray[np.bool_]
    """Over the grid, in label order."""
    lost: bool = False
    """Whether the missing points are damaged ones: those stay holes."""

    @property
    def share(self) -> float:
        """Of the points that are computed, 0 to 1."""
        return float(self.computed.mean())

    @property
    def finished(self) -> bool:
        """Whether every point is computed."""
        return bool(self.computed.all())

    @property
    def words(self) -> str:
        """What a title adds: " (37 % computed)", nothing for a whole landscape. Never 100 % before it is."""
        return "" if self.finished else f" ({int(100 * self.share)} % computed)"

    def filled(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return values with every missing point taken from the nearest computed one, counted in grid steps; those of
        lost points as they are, NaN.

        Raises:
            ValueError: no point is computed.
        """
        if self.finished:
            return values
        if not self.computed.any():
            raise ValueError("expected at least one computed point to draw; none is there yet: wait for the sweep")
        if self.lost:
            return np.where(self.computed, values, np.nan)
        nearest = distance_transform_edt(~self.computed, return_distances=False, return_indices=True)
        filled: NDArray[np.float64] = values[tuple(nearest)]
        return filled

    def between(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return values with every missing point taken linearly between those of the finest regular grid that is there.

        For reading along lines, where the stand-ins of `filled` would be steps; beyond that grid its last value holds.

        Raises:
            ValueError: no point is computed.
        """
        stride = self.stride
        if self.finished or self.lost or stride >= max(self.computed.shape):
            return self.filled(values)
        smooth = values[(slice(None, None, stride),) * values.ndim]
        for axis, points in enumerate(values.shape):
            lines = np.moveaxis(smooth, axis, 0).reshape(smooth.shape[axis], -1).T
            stretched = [np.interp(np.arange(points), np.arange(0, points, stride), line) for line in lines]
            others = np.delete(smooth.shape, axis)
            smooth = np.moveaxis(np.array(stretched).T.reshape(points, *others), 0, axis)
        return np.where(self.computed, values, smooth)

    @property
    def stride(self) -> int:
        """The finest power of two s such that every s-th point along each axis is computed; contours keep to these.

        A stand-in is a step, not a slope: between grids of one spacing lines would follow its edges.
        """
        stride = 1
        if self.lost:
            return stride
        while stride < max(self.computed.shape) and not self.computed[(slice(None, None, stride),) * self._axes].all():
            stride *= 2
        return stride

    @property
    def _axes(self) -> int:
        return self.computed.ndim


def progress_of(landscape: xr.Dataset, labels: tuple[str, ...]) -> Progress:
    """Return which points of a landscape are computed, from its `status`; all of them where it has none.

    Raises:
        ValueError: status has other dimensions than the labels.
    """
    shape = tuple(landscape.sizes[label] for label in labels)
    if STATUS not in landscape:
        return Progress(np.ones(shape, bool))
    status = landscape[STATUS]
    label_dims(status, STATUS, labels)
    return Progress(status.transpose(*labels).values != MISSING, _is_damaged(landscape.attrs))


def _is_damaged(attrs: Mapping[str, Any]) -> bool:
    """Whether the landscape comes from a store with damaged chunks, which it lists in the attribute `damaged`."""
    try:
        return bool(json.loads(str(attrs.get("damaged", "[]"))))
    except ValueError:
        return False
