"""Progress: a bar for those who wait, silence for the rest."""

import sys
import time
from collections.abc import Iterator

from tqdm import tqdm

_PATIENCE = 1.0
"""Seconds that need no bar."""


def announced(starts: range, *, progress: bool) -> Iterator[int]:
    """Yield from `starts`; if the first step tells that all take longer than a second, with a bar on stderr."""
    began = time.perf_counter()
    yield starts[0]
    estimate = (time.perf_counter() - began) * len(starts)
    with tqdm(
        total=len(starts), initial=1, unit="chunk", file=sys.stderr, disable=not progress or estimate <= _PATIENCE
    ) as bar:
        for start in starts[1:]:
            yield start
            bar.update()
