"""Outcomes: what became of the starts of a basin map, as numbered kinds with names and colours."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from explorer.landscape import STATUS, Status, nested
from explorer.numerics.text import number

COLORS = ("#2f6fb5", "#e08a1e", "#3d9a6b", "#c65b9b", "#8e6cc4", "#c9b037", "#5fb4d9", "#a8563a")
"""Of the minima, in turn: colours that colour-blind eyes tell apart."""
NEITHER, GONE = "#d5dae1", "#2b2f38"
"""No minimum reached, or still moving; diverged."""
NOT_COMPUTED = 255
"""The code of a start that was not computed."""


@dataclass(frozen=True)
class Kind:
    """One thing that may become of a start."""

    name: str
    color: str


def minimum_kinds(basins: xr.Dataset) -> tuple[NDArray[np.uint8], list[Kind]]:
    """Return codes over the map's dimensions, and the kinds they stand for: the minima, none of them, diverged."""
    minima = minima_of(basins)
    kinds = [Kind(_named(i, each), COLORS[i % len(COLORS)]) for i, each in enumerate(minima)]
    kinds += [Kind("no minimum reached", NEITHER), Kind("diverged", GONE)]
    reached = basins["minimum"].values
    return _coded(basins, np.where(reached >= 0, reached, len(minima)), len(kinds) - 1), kinds


def ending_kinds(basins: xr.Dataset) -> tuple[NDArray[np.uint8], list[Kind]]:
    """Return the same of how paths ended: settled, still moving, diverged."""
    kinds = [Kind("settled", COLORS[2]), Kind("still moving at the last step", NEITHER), Kind("diverged", GONE)]
    return _coded(basins, np.where(basins["steps_to_tolerance"].values >= 0, 0, 1), 2), kinds


def minima_of(basins: xr.Dataset) -> list[dict[str, Any]]:
    """Return the minima {"theta", "loss"} that the numbers of the map stand for."""
    return nested(basins.attrs, "minima", list[dict[str, Any]])


def places_of(basins: xr.Dataset) -> dict[int, tuple[float, ...]]:
    """Return number -> coordinates on the plane of the minima that were reached: of the lowest end of each."""
    reached, losses = basins["minimum"].values.reshape(-1), basins["final_loss"].values.reshape(-1)
    ends = basins["final"].values.reshape(len(losses), -1)
    found = {}
    for each in np.unique(reached[reached >= 0]).tolist():
        lowest = np.where(reached == each, losses, np.inf).argmin()
        found[each] = tuple(ends[lowest].tolist())
    return found


def _coded(basins: xr.Dataset, codes: NDArray[np.int64], gone: int) -> NDArray[np.uint8]:
    codes = np.where(basins["diverged"].values, gone, codes)
    return np.where(basins[STATUS].values == Status.EVALUATED, codes, NOT_COMPUTED).astype(np.uint8)


def _named(index: int, minimum: dict[str, Any]) -> str:
    theta, loss = minimum["theta"], minimum["loss"]
    place = ", ".join(map(number, theta)) if len(theta) <= 3 else f"{len(theta)} parameters"
    # Below that a loss is the rounding of an exact fit.
    return f"θ*{index + 1} ({place}), L = {number(loss) if loss > 1e-15 else 0}"
