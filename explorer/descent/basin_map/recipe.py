"""Recipe: the descents of a basin map, as something that can be sent to workers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from explorer.descent.basin_map.starts import Starts
from explorer.descent.basin_map.walks import Walks
from explorer.sweeps.executors.recipe import moved


@dataclass(frozen=True, eq=False)
class WalksRecipe:
    """The descents from all starts; see `explorer.sweeps.executors.Recipe`."""

    starts: Starts
    minima: tuple[Tensor, ...] | None
    """As of `basins`."""
    chunk: int
    """Starts walked at once."""
    seconds_each: float
    """That a start takes."""

    @classmethod
    def of(cls, walks: Walks, minima: Sequence[Tensor] | None) -> "WalksRecipe":
        """Return the recipe of walks that were made here."""
        return cls(
            walks.starts, None if minima is None else tuple(minima), walks.chunk, walks.seconds / walks.starts.size
        )

    @property
    def device(self) -> torch.device:
        """The objective's."""
        return self.starts.job.objective.device

    def packed(self) -> "WalksRecipe":
        """Return the same in the host's memory."""
        minima = None if self.minima is None else tuple(theta.detach().cpu() for theta in self.minima)
        return replace(self, starts=self._on(torch.device("cpu")), minima=minima)

    def source(self, device: torch.device) -> Walks:
        """Return the walks on a device."""
        return Walks(self._on(device), self.minima, self.chunk)

    def _on(self, device: torch.device) -> Starts:
        return replace(self.starts, job=moved(self.starts.job, device))
