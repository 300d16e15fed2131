"""Points: what is known so far of every point of a sweep that evaluates only some."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.landscape import Status
from explorer.refinement import Refined
from explorer.store.absent import nothing
from explorer.sweeps.dataset import as_array, extra_dims
from explorer.sweeps.job import Indices, Job
from explorer.sweeps.provenance import Attributes


class Points:
    """Fields [N, ...] and status [N] at the flat positions of a job; a number that is not there is `nothing`, a NaN."""

    def __init__(self, job: Job) -> None:
        dtype = as_array(job.plane.origin).dtype
        shapes = {name: tuple(map(len, extra.values())) for name, extra in extra_dims(job).items()}
        self.fields: dict[str, NDArray[Any]] = {
            name: np.full((job.points, *shape), nothing(dtype)) for name, shape in shapes.items()
        }
        self.status = np.full(job.points, Status.NOT_COMPUTED, dtype=np.int8)

    def take(self, positions: Indices, fields: Mapping[str, NDArray[Any]]) -> None:
        """Take in what was evaluated at these positions: fields [n, ...]."""
        for name, values in fields.items():
            self.fields[name][positions] = values
        self.status[positions] = Status.EVALUATED

    def lose(self, positions: Indices) -> None:
        """Mark points as failed."""
        for field in self.fields.values():
            field[positions] = nothing(field.dtype)
        self.status[positions] = Status.FAILED

    def loss(self, positions: Indices) -> NDArray[np.float64]:
        """Return the losses [n] at evaluated points; NaN at failed ones."""
        return self.fields["loss"][positions].astype(np.float64)

    def interpolate(self, outcomes: Sequence[Refined]) -> None:
        """Give every other point the loss that the refinement of its plane found for it."""
        left = self.status == Status.NOT_COMPUTED
        self.fields["loss"][left] = np.concatenate([each.values for each in outcomes])[left]
        self.status[left] = Status.INTERPOLATED

    def outcome(self, outcomes: Sequence[Refined]) -> Attributes:
        """Return what came of it, as attributes: of several planes the worst error and the sums."""
        worst = max(outcomes, key=lambda each: each.error)
        return {
            "tolerance_error": worst.error,
            "tolerance_checked": sum(each.checked for each in outcomes),
            "tolerance_scale": worst.scale,
            "evaluated_points": int(np.count_nonzero(self.status == Status.EVALUATED)),
        }
