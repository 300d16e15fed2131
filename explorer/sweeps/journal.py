"""Journal: how a sweep into a store goes, written into the store's attributes for those who watch it."""

import json
import time

from explorer.store import Store
from explorer.sweeps.provenance import Attributes

_NEWS = 2.0
"""Seconds between two notes."""


class Journal:
    """Notes of rate and time left.

    Args:
        store: open for writing.
        how: attributes: by what its points are measured.
        points: that this run is expected to measure.
    """

    def __init__(self, store: Store, how: Attributes, points: int) -> None:
        self._store, self._points, self._finished = store, points, 0
        self._spent = float(store.attrs.get("seconds", 0.0))
        self._began = self._told = time.perf_counter()
        # Counted, so that a reader who knows the store can tell what was computed again from what was there before.
        store.set_attrs(how | {"runs": int(store.attrs.get("runs", 0)) + 1})

    def note(self, points: int) -> None:
        """Count points that were just measured; write it down every other second."""
        self._finished += points
        if time.perf_counter() - self._told > _NEWS:
            self.write()

    def write(self, **attrs: str | int | float) -> None:
        """Write down how far it is, with further attributes."""
        self._told = time.perf_counter()
        elapsed = self._told - self._began
        rate = self._finished / elapsed
        left = max(0, self._points - self._finished) / rate if rate else 0.0
        progress = {"points_per_second": rate, "seconds_left": left, "updated": time.time()}
        self._store.set_attrs({"seconds": self._spent + elapsed, "progress": json.dumps(progress), **attrs})
