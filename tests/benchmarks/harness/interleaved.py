"""Contenders in turn: warmed up, checked against float64 values, then timed round-robin while the machine is quiet.

A ratio of two medians is honest only if both were taken under the same conditions: the speed of a shared machine drifts
over minutes, so every round takes one sample of each. Each contender has a process of its own (`workers.Apart`).
"""

import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.benchmarks.harness.contenders import Contender, UnavailableError
from tests.benchmarks.harness.quiet import BUSY, Patience
from tests.benchmarks.harness.workers import LEAST_SECONDS, Apart, Here

THREADS = 2


@dataclass
class Result:
    """What was found of one contender; no seconds and a reason if it cannot run here."""

    contender: Contender
    error: float = float("nan")
    note: str = ""
    reason: str = ""
    seconds: list[float] = field(default_factory=list)
    disturbed: int = 0

    @property
    def median(self) -> float:
        """Seconds for the whole grid."""
        return statistics.median(self.seconds)


def measure(
    contenders: Sequence[Contender],
    rounds: int = 7,
    *,
    apart: bool = True,
    threads: int = THREADS,
    patience: float = 120.0,
    least_seconds: float = LEAST_SECONDS,
) -> list[Result]:
    """Return one result a contender, in their order.

    Args:
        rounds: samples of each.
        apart: a process for each; otherwise all in this one, one after another, without touching its settings.
        threads: of torch, in each process.
        patience: seconds to spend in all on waiting for neighbours and on repeating samples that they disturbed.
        least_seconds: shorter work is repeated for so long within a sample.

    Raises:
        WrongValuesError: before anything is timed.
    """
    results = [Result(contender) for contender in contenders]
    running: list[tuple[Result, Here | Apart]] = []
    left = Patience(patience)
    try:
        for result in results:
            _start(result, running, apart=apart, threads=threads, least_seconds=least_seconds)
        for number in range(rounds):
            _tell(f"round {number + 1} of {rounds}")
            for result, worker in running:
                _sample(result, worker, left)
    finally:
        for _, worker in running:
            worker.close()
    return results


def _start(
    result: Result, running: list[tuple[Result, Here | Apart]], *, apart: bool, threads: int, least_seconds: float
) -> None:
    try:
        worker = Apart(result.contender, threads, least_seconds) if apart else Here(result.contender, least_seconds)
    except UnavailableError as reason:
        result.reason = str(reason)
        return
    result.error, result.note = worker.error, worker.note
    _tell(f"ready: {result.contender.name}, error {worker.error:.1e}")
    running.append((result, worker))


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _sample(result: Result, worker: Here | Apart, left: Patience) -> None:
    left.wait()
    sample = worker.sample()
    while sample.others > BUSY and left.seconds > 0:
        left.seconds -= sample.taken
        left.wait()
        sample = worker.sample()
    result.disturbed += sample.others > BUSY
    result.seconds.append(sample.seconds)
