"""The store: a landscape on disk, written as it comes; readable and continuable after a kill at any moment."""

from explorer.store.store import FieldSpec, Store, open_landscape

__all__ = ["FieldSpec", "Store", "open_landscape"]
