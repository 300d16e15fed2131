"""A landscape that is still being computed: its nearest points stand for the missing ones, and its share is told.

For points that were computed and are lost nothing stands: nobody is about to replace a stand-in by the truth. Where the
loss alone was interpolated the nearest measured points stand for any other quantity, and a note beside it says so.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from explorer.figures.triangles import nearest, spread_of
from explorer.landscape import LOSS, Status, nested, status_of, unmeasured
from explorer.numerics.text import percent_done


@dataclass(frozen=True, eq=False)
class Progress:
    """Which points of a grid are there."""

    computed: NDArray[np.bool_]
    """Over the grid, in label order."""
    lost: bool = False
    """Whether the missing points are damaged ones: those stay holes."""
    unmeasured: NDArray[np.bool_] | None = None
    """Computed points without a value of the quantity at hand, because the loss alone was interpolated there."""

    @cached_property
    def measured(self) -> NDArray[np.bool_]:
        """Over the grid, the points with a value of their own."""
        return self.computed if self.unmeasured is None else self.computed & ~self.unmeasured

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
        return "" if self.finished else f" ({percent_done(self.share)} computed)"

    def filled(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return values with every missing point taken from the nearest measured one, counted in grid steps; those of
        lost points as they are, NaN.

        Raises:
            ValueError: no point is measured.
        """
        if self.measured.all():
            return values
        if not self.measured.any():
            raise ValueError("expected at least one computed point to draw; none is there yet: wait for the sweep")
        if self.lost and self.unmeasured is None:
            return np.where(self.computed, values, np.nan)
        return self._without_lost(values[nearest(self.measured)])

    def _without_lost(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.where(self.computed, values, np.nan) if self.lost else values

    def between(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return values with every missing point taken linearly between those of the finest regular grid that is there.

        For reading along lines, where the stand-ins of `filled` would be steps; beyond that grid its last value holds.
        Between interpolated points, where there is no such grid, they are linear in triangles of measured points.

        Raises:
            ValueError: no point is measured.
        """
        if self.unmeasured is not None and self.measured.any():
            return self._without_lost(spread_of(self.measured).over(values))
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
        """The finest s such that every s-th point along each axis is measured; contours keep to these. A power of two
        while points are still computed, as they come in that order.

        A stand-in is a step, not a slope: between grids of one spacing lines would follow its edges.
        """
        stride = 1
        settled = self.measured | ~self.computed if self.lost else self.measured
        while stride < max(settled.shape) and not settled[(slice(None, None, stride),) * settled.ndim].all():
            stride = 2 * stride if self.unmeasured is None else stride + 1
        return stride


def progress_of(landscape: xr.Dataset, labels: tuple[str, ...], quantity: str = LOSS) -> Progress:
    """Return at which points of a landscape a quantity is there, from its `status`; at all of them where it has none.

    Missing points are lost where the landscape comes from a store with damaged chunks.

    Raises:
        ValueError: status has other dimensions than the labels.
    """
    status = status_of(landscape, labels)
    lost = bool(nested(landscape.attrs, "damaged", list))
    return Progress(status != Status.NOT_COMPUTED, lost, unmeasured(quantity, status))
