"""Shown: a store with its landscape along one plane, and what of it has to be said before anything is drawn."""

import json
import shlex
from dataclasses import dataclass

import numpy as np
import xarray as xr

from explorer.dashboard.stores.folder import Folder, Opened
from explorer.dashboard.stores.quantities import axes_of, drawable, nested, plane_of
from explorer.dashboard.stores.state import State
from explorer.errors import StoreError
from explorer.figures.dimensions import SEED


@dataclass(frozen=True, eq=False)
class Shown:
    """A store with its landscape along one plane."""

    opened: Opened
    landscape: xr.Dataset
    seed: int
    seeds: list[int]

    @property
    def name(self) -> str:
        """The store's."""
        return self.opened.name

    @property
    def axes(self) -> tuple[str, ...]:
        """Labels of the landscape's one or two axes."""
        return axes_of(self.landscape)


def shown(name: str, state: State, folder: Folder) -> Shown:
    """Open a store and choose its plane.

    Raises:
        StoreError: it cannot be opened or drawn.
    """
    opened = folder.look(name)
    whole = folder.landscape(opened)
    landscape, seed = plane_of(whole, state.seed)
    if seed < 0:
        return Shown(opened, landscape, seed, [])
    seeds = [int(each) for each in np.atleast_1d(whole[SEED].values)]
    return Shown(opened, _of_plane(landscape, seeds.index(seed)), seed, seeds)


def _of_plane(landscape: xr.Dataset, number: int) -> xr.Dataset:
    """Give the landscape along one of several planes that plane's own description; checkpoints are on the first."""
    planes = nested(landscape.attrs, "planes", list)
    own = {"basis": json.dumps(planes[number])} if number < len(planes) else {}
    return landscape.assign_attrs(own | ({"checkpoints": "[]"} if number else {}))


def both_shown(state: State, folder: Folder, notes: list[str]) -> list[Shown]:
    """Return the state's store, and the one beside it where it can stand there; a note says why it cannot.

    Raises:
        StoreError: the first store cannot be drawn at all.
    """
    one = shown(state.store, state, folder)
    if not state.beside:
        return [one]
    try:
        other = shown(state.beside, state, folder)
        if len(other.axes) != len(one.axes):
            raise StoreError("one is over a line, the other over a plane")
    except StoreError as error:
        notes.append(f"{state.beside} cannot stand beside it: {error}.")
        return [one]
    return [one, other]


def damage(each: Shown) -> list[str]:
    """Say what of a store cannot be drawn, and what to do."""
    opened, attrs = each.opened, each.landscape.attrs
    damaged, failed = len(nested(attrs, "damaged", list)), len(nested(attrs, "failed", dict))
    cure = f"queue them again with  python -m explorer verify {shlex.quote(str(opened.store.path))}"
    notes = {
        f"{damaged} of {opened.store.chunks} chunks are damaged: their points are left empty; {cure}": damaged,
        f"{failed} of {opened.store.chunks} chunks could not be computed; the provenance has the reasons": failed,
    }
    return [f"{opened.name}: {words}." for words, count in notes.items() if count]


def common_quantity(asked: str, both: list[Shown], notes: list[str]) -> str:
    """Return the quantity that is asked for, or the first that all have; a note tells.

    Raises:
        StoreError: they have none in common.
    """
    names = [drawable(each.landscape) for each in both]
    common = [name for name in names[0] if all(name in each for each in names)]
    if not common:
        raise StoreError("expected a quantity to draw; there is none (in both stores)")
    if asked in common:
        return asked
    notes.append(f"quantity: one of {', '.join(common)} was expected, {asked!r} came; showing {common[0]} instead.")
    return common[0]
