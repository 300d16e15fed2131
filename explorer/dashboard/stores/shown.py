"""Shown: a store with its landscape along one plane, what the page draws, measures at its point and saves."""

import json
from dataclasses import dataclass

import xarray as xr

from explorer.dashboard.stores.folder import Folder, Opened
from explorer.dashboard.stores.state import State
from explorer.errors import StoreError
from explorer.landscape import STATUS, axes_of, nested, one_plane, seeds_of


@dataclass(frozen=True, eq=False)
class Shown:
    """A store with its landscape along one plane."""

    opened: Opened
    landscape: xr.Dataset
    """Over one or two axes; a landscape over one keeps its seeds, as it is drawn as a band."""
    seed: int
    """Of the plane; -1 where there is no choice."""
    seeds: list[int]
    """To choose among."""

    @property
    def name(self) -> str:
        """The store's."""
        return self.opened.name

    @property
    def axes(self) -> tuple[str, ...]:
        """The labels of its axes."""
        return axes_of(self.landscape)


def shown(name: str, state: State, folder: Folder) -> Shown:
    """Open a store and choose its plane: that of the state's seed, else the first of several.

    Raises:
        StoreError: it cannot be opened, it has no status, or not one or two axes.
    """
    opened = folder.look(name)
    landscape = folder.landscape(opened)
    if STATUS not in landscape:
        raise StoreError("expected a landscape with a status for each point; this store has none")
    axes, seeds = axes_of(landscape), [int(each) for each in seeds_of(landscape)]
    if len(axes) not in (1, 2):
        raise StoreError(f"expected a landscape over one or two axes; this one has {len(axes)}")
    if not seeds or len(axes) == 1:
        return Shown(opened, landscape, -1, [])
    number = seeds.index(state.seed) if state.seed in seeds else 0
    return Shown(opened, _of_plane(landscape, number), seeds[number], seeds)


def _of_plane(landscape: xr.Dataset, number: int) -> xr.Dataset:
    """Take one of several planes with that plane's own description; checkpoints are on the first."""
    planes = nested(landscape.attrs, "planes", list)
    own = {"basis": json.dumps(planes[number])} if number < len(planes) else {}
    return one_plane(landscape, number).assign_attrs(own | ({"checkpoints": "[]"} if number else {}))
