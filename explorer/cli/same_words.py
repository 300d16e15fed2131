"""Resuming: the words that a store was made with, beside those that its spec holds."""

from collections.abc import Mapping
from typing import Any

from explorer.errors import StoreError
from explorer.landscape import agreed, nested
from explorer.objective import Objective
from explorer.store import Store
from explorer.store.spec import differences


def refuse_other_words(store: Store, objective: Objective) -> None:
    """Do nothing if a store was made by the objective's factory with its settings, which its numbers need not tell.

    Raises:
        StoreError: it was made by another, or with others; names each with both values.
    """
    made = _words(nested(store.attrs, "source", dict))
    lines = list(differences(made, _words(objective.source)))
    if lines:
        raise StoreError(f"{store.path} holds another sweep. {'; '.join(lines)}. Use its words, or another --out")


def _words(source: Mapping[str, Any]) -> dict[str, Any]:
    """Return a source under the names that its parts have on the command line."""
    factory = {name: source[name] for name in ("factory", "batchnorm") if name in source}
    return factory | {f"--set {key}": value for key, value in (agreed(source.get("kwargs"), dict) or {}).items()}
