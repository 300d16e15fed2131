"""Quantities: the variables of a landscape, by the names that have a meaning of their own and by those of the terms."""

import numpy as np
import xarray as xr

from explorer.landscape.axes import BESIDE, SEED, TERM, axes_of
from explorer.landscape.status import STATUS

LOSS, TERMS, GRADIENT, GRADIENT_NORM, CURVATURE = "loss", "terms", "gradient", "gradient_norm", "curvature"
RESERVED = (LOSS, TERMS, GRADIENT, "term_gradients", GRADIENT_NORM, CURVATURE, STATUS, *BESIDE)
"""Names that a landscape gives a meaning of its own."""
_LAST = (GRADIENT_NORM, STATUS)


def quantity_of(landscape: xr.Dataset, name: str) -> xr.DataArray:
    """Return a variable of the landscape, or one of its terms by the term's name.

    Raises:
        ValueError: no such quantity.
    """
    if name in landscape.data_vars:
        return landscape[name]
    if name in terms_of(landscape):
        terms = landscape[TERMS]
        return terms.sel({TERM: name}) if TERM in terms.dims else terms
    raise ValueError(f"expected a quantity among {[str(name) for name in landscape.data_vars]}; got {name!r}")


def named_quantity(landscape: xr.Dataset, quantity: str, term: str | None) -> str:
    """Return the name by which `quantity_of` finds a quantity, or one of the terms of the loss.

    Raises:
        ValueError: a term that is not there, or of something else than the loss.
    """
    if term is None:
        return quantity
    if quantity not in ("loss", TERMS):
        raise ValueError(f"expected term={term!r} of the loss; got it beside quantity={quantity!r}: leave one out")
    if term not in terms_of(landscape):
        raise ValueError(
            f'expected a term among {terms_of(landscape)}; got {term!r}: sweep with quantities=("loss", "terms") to '
            "measure them"
        )
    return term


def terms_of(landscape: xr.Dataset) -> list[str]:
    """Return the names of the terms, where terms were measured."""
    if TERMS not in landscape or TERM not in landscape.coords:
        return []
    return [str(name) for name in np.atleast_1d(landscape[TERM].values)]


def quantities_of(landscape: xr.Dataset) -> list[str]:
    """Return the names of the quantities with one number a point: loss, terms, metrics, gradient norm, status."""
    axes = set(axes_of(landscape))
    plain = [str(name) for name, array in landscape.data_vars.items() if set(array.dims) - {SEED} == axes]
    first, last = ([name for name in names if name in plain] for names in ((LOSS,), _LAST))
    return list(dict.fromkeys([*first, *terms_of(landscape), *(name for name in plain if name not in last), *last]))
