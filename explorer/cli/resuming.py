"""Resuming: the words that a store was made with, beside those that its spec holds."""

import json

import numpy as np

from explorer.cli.planes import Chosen
from explorer.errors import StoreError
from explorer.sweeps.disk.spec import differences
from explorer.sweeps.store import Store
from explorer.trajectory import Trajectory


def refuse_other_words(store: Store, chosen: Chosen) -> bool:
    """Return whether the store is finished.

    Raises:
        StoreError: it was made by another factory or with other settings, which its numbers need not tell; or it is
            finished, and what is projected onto it is something else.
    """
    made = json.loads(str(store.attrs.get("source", "{}")))
    lines = list(differences(made, chosen.objective.source))
    if lines:
        raise StoreError(f"{store.path} holds another sweep. {'; '.join(lines)}. Use its words, or another --out")
    finished = bool((store.done == 1).all())
    if finished:
        _refuse_other_projections(store, _names(chosen))
    return finished


def _refuse_other_projections(store: Store, asked: list[str]) -> None:
    shown = [str(each["name"]) for each in json.loads(str(store.attrs.get("checkpoints", "[]")))]
    # A sweep that was killed before its last words has none yet.
    if asked and "report" in store.attrs and shown != asked:
        words = f"{', '.join(shown) or 'nothing'} is projected; asked for {', '.join(asked)}"
        raise StoreError(f"{store.path} is finished, and {words}. Use its words, or another --out")


def _names(chosen: Chosen) -> list[str]:
    shown = chosen.shown
    if isinstance(shown, Trajectory):
        return [f"step {step}" for step in np.asarray(shown.steps).tolist()]
    return list(shown or {})
