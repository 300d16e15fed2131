"""Which quantities a sweep measures where its caller names none: the loss alone, or what the store holds already."""

import json
from collections.abc import Sequence
from pathlib import Path

from explorer.errors import StoreError
from explorer.quantities import BUILT_IN, Asked
from explorer.store import Store
from explorer.store.create import is_free


class Unasked(tuple[Asked, ...]):
    """Quantities that the caller did not name; equal to the same ones by name, and told apart by its type."""


LOSS = Unasked(("loss",))
"""The default of `sweep` and `estimate`."""


def kept_quantities(asked: Sequence[Asked], store: Path | None) -> Sequence[Asked]:
    """Return what is asked for; where nothing was, and there is a store at the path, the store's own.

    Raises:
        StoreError: these are functions of theta, of which a store knows the names only; or it cannot be read.
    """
    if not isinstance(asked, Unasked) or store is None or is_free(store):
        return asked
    names = [str(name) for name in Store.open(store).spec.get("quantities", asked)]
    functions = [name for name in names if name not in BUILT_IN]
    if functions:
        built_in = "".join(f"{json.dumps(name)}, " for name in names if name in BUILT_IN)
        raise StoreError(
            f"expected the quantities of {store}, which holds functions of theta that a store knows by name only: "
            f"{', '.join(functions)}; got none: pass quantities=({built_in}{', '.join(functions)},) with the functions "
            "themselves, from Python"
        )
    return names
