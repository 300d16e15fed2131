"""Flags: which chunks are done, which failed and why; one file each, so that two writers never lose a mark."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.errors import StoreError
from explorer.files import write_whole
from explorer.store.arrays import writable_array
from explorer.store.header import read_json
from explorer.store.schema import DONE, Layout
from explorer.store.spec import canonical

NO, YES, FAILED = 0, 1, 2

_MARK = re.compile(r"c\.(0|[1-9][0-9]{0,7})")
_NOTE = re.compile(_MARK.pattern + r"\.json")
_PART = re.compile(_MARK.pattern + r"\.part")
_LONGEST = 2000

Holes = Sequence[tuple[int, int]]
"""(first, one after the last) of each run of a chunk's points that could not be computed."""


@dataclass(frozen=True)
class Failure:
    """Why a chunk failed, and where."""

    reason: str
    holes: Holes = ()
    """Empty: all of the chunk; else the chunk's other points are computed."""


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

    def failures(self) -> dict[int, Failure]:
        """Return why each failed chunk failed, and where."""
        return {chunk: self._failure(chunk) for chunk in self._named(self._names(), _NOTE)}

    def parts(self) -> list[int]:
        """Return the chunks that are not done, but hold some of their points."""
        names = self._names()
        return sorted(set(self._named(names, _PART)) - {*self._named(names, _MARK), *self._named(names, _NOTE)})

    def stamps(self) -> tuple[tuple[int, int], ...]:
        """Return (chunk, time of its last writing in ns) for every chunk of `parts`."""
        found = []
        for chunk in self.parts():
            try:
                found.append((chunk, self._part(chunk).stat().st_mtime_ns))
            except FileNotFoundError:
                # Done meanwhile.
                continue
        return tuple(found)

    def mark(self, chunk: int) -> None:
        """Mark a chunk as done, also one that had failed."""
        self._array[chunk : chunk + 1] = np.full(1, YES, dtype=np.uint8)
        self._note(chunk).unlink(missing_ok=True)
        self._part(chunk).unlink(missing_ok=True)

    def mark_part(self, chunk: int) -> None:
        """Mark a chunk as one that holds some of its points; one that had failed is tried again."""
        write_whole(self._part(chunk), b"")
        (self._folder / f"c.{chunk}").unlink(missing_ok=True)
        self._note(chunk).unlink(missing_ok=True)

    def fail(self, chunk: int, failure: Failure) -> None:
        """Mark a chunk as failed."""
        text = canonical({"reason": failure.reason[:_LONGEST], "holes": [list(hole) for hole in failure.holes]})
        write_whole(self._note(chunk), text.encode("utf-8", "replace"))
        self._array[chunk : chunk + 1] = np.full(1, FAILED, dtype=np.uint8)

    def clear(self, chunk: int) -> None:
        """Queue a chunk again."""
        (self._folder / f"c.{chunk}").unlink(missing_ok=True)
        self._note(chunk).unlink(missing_ok=True)
        self._part(chunk).unlink(missing_ok=True)

    def _part(self, chunk: int) -> Path:
        return self._folder / f"c.{chunk}.part"

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

    def _failure(self, chunk: int) -> Failure:
        try:
            note = read_json(self._note(chunk), 8 * _LONGEST)
        except StoreError as error:
            return Failure(str(error))
        if not isinstance(note, dict):
            return Failure("no reason is written")
        return Failure(str(note.get("reason")), _holes(note))


def _holes(note: Mapping[str, Any]) -> Holes:
    """Return the holes that a note names; none, which means all of the chunk, where they make no sense."""
    try:
        holes = [(int(first), int(after)) for first, after in note.get("holes", ())]
    except (TypeError, ValueError, OverflowError):
        return ()
    return holes if all(0 <= first < after for first, after in holes) else ()
