"""Series: the stores of one plane and of the same plane moved along training, which a slider switches between."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.dashboard.stores.folder import Folder, Opened
from explorer.errors import StoreError
from explorer.figures.field import field_of
from explorer.landscape import basis_of

MOST_MEMBERS = 40


def series_of(opened: Opened, folder: Folder) -> dict[str, Any] | None:
    """Return {"base", "members"} of the series that a store is of: the name of the store of the plane itself ("" where
    it is not in the folder), and [step, name] of each that `directions.along` has moved; None if there is no series.

    Stores of other grids are others' frames, and left out.
    """
    basis = basis_of(opened.attrs)
    key = basis.made.get("of") or basis.sha256
    base, members = "", dict[int, str]()
    for name in reversed(folder.names()) if key and isinstance(key, str) else []:
        attrs = _attrs(name, folder)
        other = basis_of(attrs)
        made = other.made
        if attrs.get("extents") != opened.attrs.get("extents"):
            continue
        if made.get("kind") == "along" and made.get("of") == key and isinstance(made.get("step"), int):
            members[made["step"]] = name
        elif other.sha256 == key:
            base = name
    return {"base": base, "members": [[*each] for each in sorted(members.items())][:MOST_MEMBERS]} if members else None


def values_of(
    series: Mapping[str, Any] | None, folder: Folder, quantity: str, but: Collection[str]
) -> list[NDArray[np.float64]]:
    """Return the measured values of a quantity in all stores of a series `but` some, for one scale over all of them."""
    names = {series["base"], *(name for _, name in series["members"])} if series else set[str]()
    found = []
    for name in sorted(names - {"", *but}):
        try:
            found.append(_measured(folder.look(name), folder, quantity))
        except (StoreError, ValueError):
            # Another may lack the quantity, or have nothing computed yet.
            continue
    return found


def _measured(opened: Opened, folder: Folder, quantity: str) -> NDArray[np.float64]:
    key = (opened.key, quantity)
    held = folder.measured.get(key)
    found = field_of(folder.landscape(opened), quantity).measured if held is None else held
    folder.measured[key] = found
    while len(folder.measured) > MOST_MEMBERS + 2:
        folder.measured.popitem(last=False)
    return found


def _attrs(name: str, folder: Folder) -> Mapping[str, Any]:
    try:
        return folder.look(name).attrs
    except StoreError:
        return {}
