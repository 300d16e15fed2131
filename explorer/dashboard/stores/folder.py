"""Folder: the stores that are served, opened by name only, and read again only when something was added."""

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from explorer.errors import StoreError
from explorer.landscape import nested
from explorer.store import Store

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
"""Of a store: one word that is no path, no hidden file and no option."""
MOST_STORES = 200
"""Listed at once."""
MOST_HELD = 4
"""Landscapes kept in memory."""
SILENCE = 30.0
"""Seconds without news after which a sweep is said to have stopped; longer where its chunks take longer."""
VOLATILE = frozenset({"progress", "seconds"})
"""Attributes that a running sweep changes without changing its landscape."""

Stamp = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Opened:
    """A store as it was at one moment."""

    name: str
    store: Store
    points: int
    """That are computed or have failed."""
    key: tuple[Any, ...]
    """The same for the same content."""

    @property
    def attrs(self) -> Mapping[str, Any]:
        """Its attributes: data of others."""
        return self.store.attrs

    @property
    def share(self) -> float:
        """Of its points that are done, 0 to 1."""
        return self.points / max(1, self.store.points)

    @property
    def finished(self) -> bool:
        """Whether nothing is left to compute."""
        return self.points >= self.store.points

    @property
    def concluded(self) -> bool:
        """Whether the report, the last thing that a sweep writes, is there too."""
        return self.finished and "report" in self.attrs

    def pace(self) -> dict[str, Any]:
        """Return points done and in all, points a second and seconds left (None where unknown), and whether the sweep
        has said nothing for so long that it must have stopped."""
        news = nested(self.attrs, "progress", dict)
        rate, left, updated = (_positive(news.get(name)) for name in ("points_per_second", "seconds_left", "updated"))
        patience = max(SILENCE, 3 * self.store.chunk_size / rate) if rate else SILENCE
        silent = not self.finished and updated is not None and time.time() - updated > patience
        points = self.store.points
        return {
            "name": self.name,
            "done": self.points,
            "total": points,
            "finished": self.finished,
            "concluded": self.concluded,
            "key": str(hash(self.key)),
            "rate": None if self.finished or silent else rate,
            "left": None if self.finished or silent else left,
            "silent": silent,
        }


@dataclass(frozen=True, eq=False)
class _Held:
    """A store that stays open."""

    store: Store
    made: Stamp
    changed: Stamp


class Folder:
    """The stores in one folder. Threads may share it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._lock = threading.Lock()
        self._open: OrderedDict[str, _Held] = OrderedDict()
        self._landscapes: OrderedDict[tuple[Any, ...], xr.Dataset] = OrderedDict()
        self.measured: OrderedDict[tuple[Any, ...], NDArray[np.float64]] = OrderedDict()
        """(store's key, quantity) -> its measured values, for a scale that several stores share."""

    def path(self, name: str) -> Path:
        """Return where the store of a name lies: a real directory, directly in the folder.

        Raises:
            StoreError: no such store, or a name that would lead elsewhere.
        """
        # The name is looked at before the disk is: resolving some names already reaches other machines.
        if not NAME.fullmatch(name) or ".." in name:
            raise StoreError(f"expected a store's name of letters, digits, dots and dashes; got {name[:80]!r}")
        root = self.root.resolve()
        path = root / name
        if path.is_symlink() or path.resolve().parent != root or not path.is_dir():
            raise StoreError(f"there is no store {name!r} here (any more): choose one from the list")
        return path

    def names(self) -> list[str]:
        """Return the names of the stores there are, the newest first."""
        try:
            entries = [each for each in self.root.iterdir() if NAME.fullmatch(each.name) and _is_store(each)]
            dated = sorted(((each.stat().st_mtime, each.name) for each in entries), reverse=True)
        except OSError:
            return []
        return [name for _, name in dated][:MOST_STORES]

    def look(self, name: str) -> Opened:
        """Return a store as it is now; of one that was there before only what has come since is read.

        Raises:
            StoreError: it is not there, or cannot be read.
        """
        path = self.path(name)
        try:
            # The points of the first axis are written once, when a store is made; its header again and again.
            store = self._opened(name, path, _stamp(path / "axis_0" / "zarr.json"), _stamp(path / "zarr.json"))
            points, stamp = store.settled, store.stamp()
        except OSError as error:
            raise StoreError(f"the store {name!r} cannot be read (any more): {error.strerror or error}") from None
        lasting = tuple(sorted((key, value) for key, value in store.attrs.items() if key not in VOLATILE))
        return Opened(name, store, points, (name, stamp, lasting))

    def _opened(self, name: str, path: Path, made: Stamp, changed: Stamp) -> Store:
        with self._lock:
            held = self._open.get(name)
            if held is None or held.made != made:
                held = _Held(Store.open(path), made, changed)
            elif held.changed != changed:
                held.store.refresh()
                held = replace(held, changed=changed)
            self._open[name] = held
            self._open.move_to_end(name)
            while len(self._open) > MOST_STORES:
                self._open.popitem(last=False)
            return held.store

    def landscape(self, opened: Opened) -> xr.Dataset:
        """Return what is computed so far; read from disk once for all that is there.

        Raises:
            StoreError: it cannot be read.
        """
        with self._lock:
            held = self._landscapes.get(opened.key)
        # Read outside the lock: a large store must not keep those waiting who ask for another.
        found = _read(opened) if held is None else held
        with self._lock:
            kept = self._landscapes.setdefault(opened.key, found)
            self._landscapes.move_to_end(opened.key)
            while len(self._landscapes) > MOST_HELD:
                self._landscapes.popitem(last=False)
            return kept


def _is_store(path: Path) -> bool:
    return not path.is_symlink() and path.is_dir() and (path / "zarr.json").is_file()


def _read(opened: Opened) -> xr.Dataset:
    try:
        return opened.store.landscape()
    except OSError as error:
        raise StoreError(f"the store {opened.name!r} cannot be read: {error.strerror or error}") from None


def _stamp(file: Path) -> Stamp:
    try:
        found = file.lstat()
    except OSError:
        return ()
    return found.st_mtime_ns, found.st_ino, found.st_size


def _positive(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and 0 <= value < float("inf") else None
