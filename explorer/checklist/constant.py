"""Does what is drawn depend on theta at all?"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from explorer.checklist.budget import Pieces
from explorer.checklist.finding import Finding
from explorer.checklist.inspection import Inspection

_FEW = 3
"""Points to look at where the sweep has not measured the terms."""


def evaluations_of_terms(about: Inspection) -> Pieces:
    """Return what looking at the terms takes: nothing where there is one, or where they were swept."""
    return {} if len(about.objective.term_names) == 1 or "terms" in about.landscape else {"evaluation": _FEW}


def check_constant(about: Inspection) -> Finding | None:
    """Name the loss, or the terms, that are one number to the last bit wherever the model is, and a gradient that is 0
    wherever the loss changes; nothing where there is none."""
    still = [name for name, values in _values(about) if len(values) > 1 and bool((values == values[0]).all())]
    detached = not still and _is_detached(about)
    if not still and not detached:
        return None
    if detached:
        text = (
            "The loss changes over the plane, but its gradient is constant, 0 everywhere: something between theta and "
            "the loss is detached from autograd (detach(), .data, .item(), NumPy)."
        )
        return Finding("constant", "warn", text, {"gradient": 0.0})
    names = ", ".join(still)
    text = (
        f"{names} {'is' if len(still) == 1 else 'are'} constant over the plane, although the model changes: is it "
        "computed from something kept, such as a cache or a copy of the model?"
    )
    return Finding("constant", "warn", text, {"terms": still})


def _values(about: Inspection) -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield a name and its finite values at the points that were evaluated, or at a few of them."""
    names = about.objective.term_names
    if len(names) == 1:
        if "loss" in about.landscape:
            yield "The loss", _finite(about.landscape["loss"].values[about.evaluated])
        return
    if "terms" in about.landscape:
        for name in names:
            yield f"The term {name!r}", _finite(about.landscape["terms"].sel(term=name).values[about.evaluated])
        return
    places = np.flatnonzero(about.evaluated)
    chosen = places[np.linspace(0, len(places) - 1, _FEW).astype(int)] if len(places) else places
    coords: list[list[float]] = about.grid.coords[chosen].tolist()
    found = [_terms_at(about, each) for each in coords]
    for name in names:
        yield f"The term {name!r}", _finite(np.array([terms[name] for terms in found]))


def _terms_at(about: Inspection, coords: list[float]) -> dict[str, float]:
    with about.budget.spend("evaluation"), torch.enable_grad():
        terms = about.objective.terms(about.plane.at(coords))
    return {name: float(value.detach()) for name, value in terms.items()}


def _is_detached(about: Inspection) -> bool:
    if "gradient" not in about.landscape or not about.range:
        return False
    slopes = _finite(about.landscape["gradient"].values[about.evaluated].reshape(-1))
    return len(slopes) > 0 and not slopes.any()


def _finite(values: NDArray[Any]) -> NDArray[Any]:
    finite: NDArray[Any] = values[np.isfinite(values)]
    return finite
