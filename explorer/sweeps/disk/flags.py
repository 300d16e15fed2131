"""Flags: which chunks are done, which failed and why; one file each, so that two writers never lose a mark."""

import os
import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from explorer.errors import StoreError
from explorer.sweeps.disk.anatomy import DONE, Layout
from explorer.sweeps.disk.arrays import writable_array
from explorer.sweeps.disk.files import write_whole
from explorer.sweeps.disk.header import read_json
from explorer.sweeps.disk.spec import canonical

NO, YES, FAILED = 0, 1, 2

_MARK = re.compile(r"c\.(0|[1-9][0-9]{0,7})")
_NOTE = re.compile(_MARK.pattern + r"\.json")
_LONGEST = 2000


class Flags:
    """The flag of every chunk: a Zarr array with chunks of one entry, and beside the flag of a failed one the reason.

    Read by the names of its files in one go, since reading thousands of them is slow.
    """

    def __init__(self, root: Path, layout: Layout) -> None:
        self._folder = root / DONE
        self._chunks = layout.shape[0]
        self._array = writable_array(self._folder, layout)

    def read(self) -> NDArray[np.uint8]:
        """Return the flags [chunks] as they are now: 0 not computed, 1 done, 2 failed."""
        flags = np.full(self._chunks, NO, dtype=np.uint8)
        names = self._names()
        flags[self._named(names, _MARK)] = YES
        flags[self._named(names, _NOTE)] = FAILED
        return flags

    def reasons(self) -> dict[int, str]:
        """Return why each failed chunk failed."""
        return {chunk: self._reason(chunk) for chunk in self._named(self._names(), _NOTE)}

    def mark(self, chunk: int) -> None:
        """Mark a chunk as done, also one that had failed."""
        self._array[chunk : chunk + 1] = np.full(1, YES, dtype=np.uint8)
        self._note(chunk).unlink(missing_ok=True)

    def fail(self, chunk: int, reason: str) -> None:
        """Mark a chunk as failed."""
        write_whole(self._note(chunk), canonical({"reason": reason[:_LONGEST]}).encode("utf-8", "replace"))
        self._array[chunk : chunk + 1] = np.full(1, FAILED, dtype=np.uint8)

    def clear(self, chunk: int) -> None:
        """Queue a chunk again."""
        (self._folder / f"c.{chunk}").unlink(missing_ok=True)
        self._note(chunk).unlink(missing_ok=True)

    def _note(self, chunk: int) -> Path:
        return self._folder / f"c.{chunk}.json"

    def _names(self) -> list[str]:
        try:
            return [entry.name for entry in os.scandir(self._folder) if entry.is_file(follow_symlinks=False)]
        except OSError as error:
            raise StoreError(f"expected flags in {self._folder}; got {error.strerror}: the store is gone") from None

    def _named(self, names: list[str], pattern: re.Pattern[str]) -> list[int]:
        found = (int(match[1]) for match in map(pattern.fullmatch, names) if match)
        return [chunk for chunk in found if chunk < self._chunks]

    def _reason(self, chunk: int) -> str:
        try:
            note = read_json(self._note(chunk), 8 * _LONGEST)
        except StoreError as error:
            return str(error)
        return str(note.get("reason")) if isinstance(note, dict) else "no reason is written"
