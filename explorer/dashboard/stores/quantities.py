"""Quantities: what of a landscape can be drawn as one number a point."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from explorer.errors import StoreError
from explorer.figures.dimensions import SEED, labels_of, one_seed

FIRST = ("loss",)
LAST = ("gradient_norm", "status")
"""Names that come at the ends of the list; terms and metrics stand between them."""


def plane_of(landscape: xr.Dataset, seed: int) -> tuple[xr.Dataset, int]:
    """Return the landscape along one plane and which one that is: that of `seed`, else the first of several.

    A landscape over one axis keeps its seeds: it is drawn as a band.
    """
    if SEED not in landscape.dims or len(axes_of(landscape)) == 1:
        return landscape, -1
    seeds = np.atleast_1d(landscape[SEED].values).tolist()
    chosen = seed if seed in seeds else seeds[0]
    return one_seed(landscape, chosen), int(chosen)


def axes_of(landscape: xr.Dataset) -> tuple[str, ...]:
    """Return the labels of the axes.

    Raises:
        StoreError: there is no status, or not one or two axes.
    """
    if "status" not in landscape:
        raise StoreError("expected a landscape with a status for each point; this store has none")
    labels = labels_of(landscape, landscape["status"])
    if len(labels) not in (1, 2):
        raise StoreError(f"expected a landscape over one or two axes; this one has {len(labels)}")
    return labels


def drawable(landscape: xr.Dataset) -> list[str]:
    """Return the names of the quantities with one number a point: loss, terms, metrics, gradient norm, status."""
    axes = set(axes_of(landscape))
    plain = [str(name) for name, array in landscape.data_vars.items() if set(array.dims) - {SEED} == axes]
    terms = terms_of(landscape)
    middle = [*terms, *(name for name in plain if name not in (*FIRST, *LAST))]
    ends = {name for name in plain if name in (*FIRST, *LAST)}
    ordered = [*(name for name in FIRST if name in ends), *middle, *(name for name in LAST if name in ends)]
    return list(dict.fromkeys(ordered))


def terms_of(landscape: xr.Dataset) -> list[str]:
    """Return the names of the terms, where terms were measured."""
    if "terms" not in landscape or "term" not in landscape.coords:
        return []
    return [str(name) for name in np.atleast_1d(landscape["term"].values)]


def nested(attrs: Mapping[str, Any], name: str, expected: type) -> Any:
    """Return an attribute that holds JSON text; an empty `expected` where it is missing or something else.

    A store is data of others: what is not as agreed is left out, not believed.
    """
    try:
        found = json.loads(str(attrs.get(name, "null")))
    except ValueError:
        return expected()
    return found if isinstance(found, expected) else expected()
