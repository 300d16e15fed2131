"""What the figures of a topology read from it: minima, pairs, and which of these are certain."""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

CERTAIN, DOUBTFUL, DOUBT = "#1a5fc4", "#a9b6c9", "rgba(91, 100, 114, 0.22)"
"""Of bars and branches that are certain and that are not, and of the band that is as wide as the doubt."""


@dataclass(frozen=True, eq=False)
class Tree:
    """Minima and pairs of a topology, as arrays."""

    quantity: str
    values: NDArray[np.float64]
    """[M], of the minima, rising."""
    younger: NDArray[np.int64]
    """[Q], the most persistent pair first."""
    elder: NDArray[np.int64]
    sides: NDArray[np.int64]
    """[Q, 2], the basins that meet."""
    deaths: NDArray[np.float64]
    errors: NDArray[np.float64]
    certain: NDArray[np.bool_]
    highest: float

    @property
    def endless(self) -> NDArray[np.int64]:
        """The minima that never end: one for each part of the field that walls set apart."""
        return np.setdiff1d(np.arange(len(self.values)), self.younger)

    @property
    def words(self) -> str:
        """What is certain, as a title has it."""
        sure, doubtful = int(self.certain.sum()), int((~self.certain).sum())
        pairs = f"{sure} certain {'pair' if sure == 1 else 'pairs'} of minima"
        return f"{self.quantity}: {pairs}, {doubtful} within the error"

    @property
    def positive(self) -> bool:
        """Whether a logarithmic scale has all of it."""
        return bool(len(self.values) and self.values.min() > 0)

    def names(self) -> list[str]:
        """Return how each minimum is called."""
        return [f"minimum {i + 1}" for i in range(len(self.values))]


def tree_of(topology: xr.Dataset) -> Tree:
    """Return what is drawn of a topology.

    Raises:
        ValueError: it is none of `explorer.topology`.
    """
    if topology.attrs.get("kind") != "topology" or "younger" not in topology:
        raise ValueError(
            f"expected what explorer.topology returns; got variables {', '.join(map(str, topology.data_vars))}: "
            "call explorer.topology(landscape) first"
        )
    sides = np.stack([topology["basin_a"].values, topology["basin_b"].values], axis=1)
    return Tree(
        str(topology.attrs["quantity"]),
        topology["value"].values,
        topology["younger"].values,
        topology["elder"].values,
        sides,
        topology["death"].values,
        topology["error"].values,
        topology["certified"].values.astype(bool),
        float(topology.attrs["highest"]),
    )
