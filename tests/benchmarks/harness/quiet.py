"""Whether the machine is quiet: the processor time that others took, while waiting and while measuring."""

import os
import time
from dataclasses import dataclass

BUSY = 0.15
"""Above this share of all cores' time taken by others, a sample counts as disturbed.

The kernel counts in hundredths of a second, on every core: over 0.2 s that is a few percent of noise.
"""
_BUSY_FIELDS = (0, 1, 2, 5, 6, 7)
"""user, nice, system, irq, softirq, steal: columns of /proc/stat's first line, proc(5)."""


def busy_seconds() -> float | None:
    """Return the seconds of processor time that all have taken since boot; None where Linux does not tell."""
    try:
        with open("/proc/stat") as file:
            columns = file.readline().split()[1:]
        return sum(int(columns[i]) for i in _BUSY_FIELDS) / os.sysconf("SC_CLK_TCK")
    except (OSError, IndexError, ValueError):
        return None


class Neighbours:
    """From now on, the share of the machine that others than this process take."""

    def __init__(self) -> None:
        self._busy, self._own, self._wall = busy_seconds(), time.process_time(), time.perf_counter()

    def share(self) -> float:
        """Return it, from 0 to 1; 0 where Linux does not tell."""
        busy, own, wall = busy_seconds(), time.process_time() - self._own, time.perf_counter() - self._wall
        if busy is None or self._busy is None or wall <= 0:
            return 0.0
        return max(0.0, busy - self._busy - own) / (wall * (os.cpu_count() or 1))


@dataclass
class Patience:
    """Seconds that may still be spent on waiting for a quiet machine, or on samples that are thrown away."""

    seconds: float

    def wait(self, look: float = 0.1) -> None:
        """Return when others leave the machine alone for `look` seconds, or when patience ends."""
        while self.seconds > 0:
            others = Neighbours()
            time.sleep(look)
            if others.share() <= BUSY:
                return
            self.seconds -= look
