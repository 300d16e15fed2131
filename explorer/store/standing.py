"""Standing: what the chunks that are there, taken together, say of every point."""

import threading
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from explorer.errors import StoreError
from explorer.landscape import Status
from explorer.store.chunks import Chunk, Readable

_RANK = np.zeros(len(Status), dtype=np.int8)
_RANK[[Status.NOT_COMPUTED, Status.FAILED, Status.INTERPOLATED, Status.EVALUATED]] = range(4)
"""Status -> which of two chunks is right about a point; of equals the later one."""


class Standing:
    """The status [N] of every point, 0 at first, and the words of the chunks that say why points failed."""

    def __init__(self, points: int) -> None:
        self.status = np.zeros(points, dtype=np.int8)
        self._reasons: dict[int, str] = {}
        self._failed_in = np.zeros(0, dtype=np.int32)

    def take(self, chunk: Chunk) -> NDArray[np.bool_]:
        """Take in a chunk; return for which of its points [n] it is right."""
        at = chunk.positions
        right: NDArray[np.bool_] = _RANK[chunk.status] >= _RANK[self.status[at]]
        self.status[at[right]] = chunk.status[right]
        if chunk.reason is not None:
            self._reasons[chunk.number] = chunk.reason
            if not len(self._failed_in):
                self._failed_in = np.zeros(len(self.status), dtype=np.int32)
            self._failed_in[at[right & (chunk.status == Status.FAILED)]] = chunk.number
        return right

    @property
    def settled(self) -> int:
        """The number of points that are computed or failed."""
        return int(np.count_nonzero(self.status))

    @property
    def failures(self) -> dict[int, str]:
        """Chunk -> why, of those some of whose points have failed and were not computed by another."""
        if not self._reasons:
            return {}
        numbers = np.unique(self._failed_in[self.status == Status.FAILED]).tolist()
        return {number: self._reasons[number] for number in numbers}


class Count:
    """The standing of a store's points by index and status alone, of each chunk read once. Threads may share it."""

    def __init__(self, chunks: Readable, points: int) -> None:
        self._chunks = chunks
        self._lock = threading.Lock()
        self._points = points
        self._taken: set[int] = set()
        self._standing = Standing(points)

    def now(self) -> Standing:
        """Return it as it is now; damaged chunks are passed over. Raises StoreError if the store is gone."""
        with self._lock:
            numbers = set(self._chunks.numbers())
            if self._taken - numbers:
                # Some were taken out.
                self._taken, self._standing = set(), Standing(self._points)
            for number in sorted(numbers - self._taken):
                with suppress(StoreError):
                    self._standing.take(self._chunks.read(number, whole=False))
            self._taken = numbers
            return self._standing
