"""Shown: a store with its landscape along one plane, what the page draws, measures at its point and saves."""

import json
import shlex
from dataclasses import dataclass

import xarray as xr

from explorer.dashboard.stores.folder import Folder, Opened
from explorer.dashboard.stores.state import State
from explorer.errors import StoreError
from explorer.landscape import STATUS, Status, axes_of, nested, one_plane, quantities_of, seeds_of


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
    opened, status = each.opened, each.landscape[STATUS].values
    damaged, failed = len(nested(each.landscape.attrs, "damaged", list)), int((status == Status.FAILED).sum())
    which = "1 chunk is" if damaged == 1 else f"{damaged} chunks are"
    again = f"queue them again with  python -m explorer verify {shlex.quote(str(opened.store.path))}"
    cure = again if opened.store.can_continue else "a store of this old format cannot compute them again: sweep anew"
    notes = {
        f"{which} damaged: the points are left empty; {cure}": damaged,
        f"{failed} of {status.size} points could not be computed; the provenance has the reasons": failed,
    }
    return [f"{opened.name}: {words}." for words, count in notes.items() if count]


def common_quantity(asked: str, both: list[Shown], notes: list[str]) -> str:
    """Return the quantity that is asked for, or the first that all have; a note tells.

    Raises:
        StoreError: they have none in common.
    """
    names = [quantities_of(each.landscape) for each in both]
    common = [name for name in names[0] if all(name in each for each in names)]
    if not common:
        raise StoreError("expected a quantity to draw; there is none (in both stores)")
    if asked in common:
        return asked
    notes.append(f"quantity: one of {', '.join(common)} was expected, {asked!r} came; showing {common[0]} instead.")
    return common[0]
