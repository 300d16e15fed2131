"""Progress: a bar with rate and time left for those who wait, silence for the rest."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tqdm import tqdm

_PATIENCE = 1.0
"""Seconds that need no bar."""


@contextmanager
def announced(
    points: int, seconds: float, text: str, *, done: int = 0, progress: bool = True
) -> Iterator["tqdm[None]"]:
    """Yield a bar over so many points on stderr; call its `update(n)` after every n of them.

    Args:
        points: of the whole sweep.
        seconds: that the rest is expected to take; up to a second nothing is shown.
        text: the estimate, printed before the bar.
        done: points that an earlier run has left.
        progress: False shows nothing.
    """
    shown = progress and seconds > _PATIENCE
    if shown:
        print(text, file=sys.stderr)
    with tqdm(total=points, initial=done, unit="point", file=sys.stderr, disable=not shown) as bar:
        yield bar
