"""Maps: what the page draws of one store, or of two on one colour scale, as plain JSON."""

from typing import Any

from explorer.dashboard.stores.between_points import swept
from explorer.dashboard.stores.coded_fields import coded_bands, coded_fields
from explorer.dashboard.stores.folder import Folder
from explorer.dashboard.stores.moved_planes import series_of, values_of
from explorer.dashboard.stores.shown import Shown, both_shown, common_quantity, damage
from explorer.dashboard.stores.state import State
from explorer.figures.interpolated import JOINED, STAND_IN, note_of
from explorer.figures.projections import spread_words
from explorer.landscape import gram_of, quantities_of


def drawn_maps(state: State, folder: Folder) -> dict[str, Any]:
    """Return the maps (or lines) of the stores that the state names, with notes on what could not be drawn as asked.

    Raises:
        StoreError: the first store cannot be drawn at all.
    """
    notes: list[str] = []
    both = both_shown(state, folder, notes)
    notes += [words for each in both for words in damage(each)]
    quantity = common_quantity(state.quantity, both, notes)
    series = series_of(both[0].opened, folder) if len(both[0].axes) == 2 else None
    if len(both[0].axes) == 1:
        drawn = {"maps": [], "bands": coded_bands(both, quantity, state.scale, notes)}
    else:
        # One scale is good for all frames of a series.
        others = values_of(series, folder, quantity, [each.name for each in both])
        drawn = {"maps": coded_fields(both, quantity, state.scale, notes, others), "bands": []}
    return {
        **drawn,
        **_about(both[0]),
        "quantity": quantity,
        "notes": notes,
        "interpolated": _interpolated(both, quantity),
        "series": series,
        "sides": [_side(each) for each in both],
    }


def _about(one: Shown) -> dict[str, Any]:
    """Return what the first store's landscape is of."""
    return {
        "model": str(one.opened.attrs.get("model", ""))[:80],
        "quantities": quantities_of(one.landscape),
        "axes": list(one.axes),
        "seed": one.seed,
        "seeds": one.seeds,
        "spread": spread_words(one.landscape.attrs),
    }


def _interpolated(both: list[Shown], quantity: str) -> str:
    """Say how much of the stores was interpolated and how far off that may be; "" where nothing was."""
    told = [(each.name, note_of(each.landscape, quantity, _instead(each))) for each in both]
    said = [f"{name}: {note}." if len(told) > 1 else f"{note[:1].upper()}{note[1:]}." for name, note in told if note]
    return " ".join(said)


def _instead(each: Shown) -> str:
    return STAND_IN if len(each.axes) > 1 else JOINED


def _side(each: Shown) -> dict[str, Any]:
    """Return what the browser knows of a store beside its map: axes, window, fields to read between the points."""
    gram = gram_of(each.landscape.attrs, len(each.axes))
    return {
        "name": each.name,
        "axes": list(each.axes),
        "window": [[float(each.landscape[axis][end]) for end in (0, -1)] for axis in each.axes],
        "gram": None if gram is None else gram.tolist(),
        **swept(each.landscape, each.axes),
    }
