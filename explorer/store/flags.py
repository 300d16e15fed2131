"""Flags: the files in the folder of the index say which numbers of chunks are taken, and which chunks are there."""

import os
import re
from pathlib import Path

from explorer.errors import StoreError

_CHUNK = re.compile(r"c\.(0|[1-9][0-9]{0,7})")
_CLAIM = re.compile(_CHUNK.pattern + r"\.claim")


class Flags:
    """A number is claimed by an empty file before its chunk is written, and never given back: no two writers share one,
    and what a killed one leaves under its number is nobody's. The chunk's part of the index, written last, says that it
    is there.

    Read by the names of the files in one go, since reading thousands of them is slow.
    """

    def __init__(self, folder: Path, capacity: int) -> None:
        self._folder = folder
        self._capacity = capacity
        self._next: int | None = None

    def done(self) -> list[int]:
        """Return the numbers of the chunks that are there, rising. Raises StoreError if the store is gone."""
        return self._numbers(_CHUNK)

    def claim(self) -> int:
        """Return a number that nobody else has or gets.

        Raises:
            StoreError: there is none left, or the store is gone.
            OSError: it cannot be written.
        """
        first = self._first_free() if self._next is None else self._next
        for number in range(first, self._capacity):
            try:
                os.close(os.open(self._folder / f"c.{number}.claim", os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
            except FileExistsError:
                # Another writer was faster.
                continue
            self._next = number + 1
            return number
        raise StoreError(
            f"expected room for another chunk in {self._folder.parent}; all {self._capacity} are taken: export it, and "
            "sweep into another place with larger chunks"
        )

    def take_out(self, number: int) -> None:
        """Take a chunk out; its number stays taken."""
        (self._folder / f"c.{number}").unlink(missing_ok=True)

    def _first_free(self) -> int:
        done = max(self.done(), default=-1) + 1
        claimed = max(self._numbers(_CLAIM), default=-1) + 1
        # Numbers rise; a stray claim of the last one must not end a store that has room.
        return max(done, claimed) if claimed < self._capacity else done

    def _numbers(self, pattern: re.Pattern[str]) -> list[int]:
        try:
            names = [entry.name for entry in os.scandir(self._folder) if entry.is_file(follow_symlinks=False)]
        except OSError as error:
            raise StoreError(f"expected chunks in {self._folder}; got {error.strerror}: the store is gone") from None
        numbers = (int(match[1]) for match in map(pattern.fullmatch, names) if match)
        return sorted(number for number in numbers if number < self._capacity)
