"""Which blocks of the data are measured: all of them, or few, to time or to compare."""

from collections.abc import Iterator
from enum import Enum, auto
from itertools import islice

from explorer.objective.blocks import Part


class Blocks(Enum):
    """Which blocks of the data are measured; of others than all the fields are worth nothing."""

    ALL = auto()
    FIRST = auto()
    ENDS = auto()
    """The first and the last, whose size is another: some operations differ by size."""

    def of(self, parts: Iterator[Part]) -> Iterator[tuple[int, Part]]:
        """Yield (number, block) of these."""
        if self is not Blocks.ENDS:
            yield from islice(enumerate(parts), None if self is Blocks.ALL else 1)
            return
        numbered = list(enumerate(parts))
        yield from numbered[:1] + numbered[1:][-1:]
