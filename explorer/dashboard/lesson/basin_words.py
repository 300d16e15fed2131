"""Basin words: what a basin map shows, in a sentence for those who do not see it."""

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from explorer.figures.basin_kinds import ending_kinds, minimum_kinds
from explorer.numerics.text import number, percent_of_many


def sentence(basins: xr.Dataset, show: str) -> str:
    """Return which share of the starts reaches which minimum, settles or diverges; of final losses and steps their
    range."""
    if show == "loss":
        return _range("final losses", basins["final_loss"].where(~basins["diverged"]).values)
    if show == "steps":
        steps = basins["steps_to_tolerance"].values
        settled = steps[steps >= 0]
        if not settled.size:
            return f"No path has settled after {basins.attrs['steps']} steps."
        share = settled.size / steps.size
        return f"{percent_of_many(share)} of the starts settle, after {int(np.median(settled))} steps in the middle."
    codes, words = _minima_words(basins) if show == "minimum" else _ending_words(basins)
    shares = [(float((codes == i).mean()), word) for i, word in enumerate(words)]
    said = [f"{percent_of_many(share)} {word}" for share, word in shares if share > 0]
    return f"Of all starts, after {basins.attrs['steps']} steps, {'; '.join(said)}."


def _minima_words(basins: xr.Dataset) -> tuple[NDArray[np.uint8], list[str]]:
    codes, kinds = minimum_kinds(basins)
    return codes, [*(f"have reached {kind.name}" for kind in kinds[:-2]), "have reached no minimum", "have diverged"]


def _ending_words(basins: xr.Dataset) -> tuple[NDArray[np.uint8], list[str]]:
    return ending_kinds(basins)[0], ["have settled", "are still moving", "have diverged"]


def _range(name: str, values: NDArray[Any]) -> str:
    finite = values[np.isfinite(values)]
    if not finite.size:
        return f"No {name}: every path diverges."
    lost = values.size - finite.size
    diverged = f"; {percent_of_many(lost / values.size)} of the starts diverge" if lost else ""
    ends = f"from {number(finite.min())} to {number(finite.max())}, half of them below {number(np.median(finite))}"
    return f"The {name} go {ends}{diverged}."
