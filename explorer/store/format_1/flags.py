"""The flags of format 1: a file for each chunk that is done, beside it the reason of one that failed."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

from explorer.errors import StoreError
from explorer.store.header import read_json

_FLAG = re.compile(r"c\.(0|[1-9][0-9]{0,7})(\.part|\.json)?")
_MOST_BYTES = 16_000

Holes = Sequence[tuple[int, int]]
"""(first, one after the last) of each run of a chunk's points that failed; empty for all of them."""


class OldFlags:
    """Of every chunk whether it is done, done in part, or failed."""

    def __init__(self, folder: Path, chunks: int) -> None:
        self._folder = folder
        self._chunks = chunks

    def some(self) -> list[int]:
        """Return the chunks that hold points, or failed, rising. Raises StoreError if the store is gone."""
        numbers = {int(match[1]) for match in map(_FLAG.fullmatch, self._names()) if match}
        return sorted(number for number in numbers if number < self._chunks)

    def has_failed(self, chunk: int) -> bool:
        """Return whether points of a chunk failed."""
        return self._note(chunk).is_file() and not self._note(chunk).is_symlink()

    def failure(self, chunk: int) -> tuple[str, Holes]:
        """Return why points of a chunk failed, and which."""
        try:
            note = read_json(self._note(chunk), _MOST_BYTES)
        except StoreError as error:
            return str(error), ()
        return (str(note.get("reason")), _holes(note.get("holes"))) if isinstance(note, dict) else ("unknown", ())

    def stamp(self) -> tuple[int, ...]:
        """Return numbers that are the same as long as nothing is written."""
        # A part is marked anew when it is written again.
        return hash(frozenset(self._names())), self._folder.stat().st_mtime_ns

    def _note(self, chunk: int) -> Path:
        return self._folder / f"c.{chunk}.json"

    def _names(self) -> list[str]:
        try:
            return [entry.name for entry in os.scandir(self._folder) if entry.is_file(follow_symlinks=False)]
        except OSError as error:
            raise StoreError(f"expected flags in {self._folder}; got {error.strerror}: the store is gone") from None


def _holes(holes: object) -> Holes:
    """Return the holes that a note names; none, which means all of the chunk, where they make no sense."""
    try:
        runs = [(int(first), int(after)) for first, after in holes]  # type: ignore[attr-defined]
    except (TypeError, ValueError, OverflowError):
        return ()
    return runs if all(0 <= first < after for first, after in runs) else ()
