"""Where a contender runs: here, or in a process of its own."""

import multiprocessing
import os
import statistics
import time
import traceback
from dataclasses import dataclass
from multiprocessing.connection import Connection

import torch

from tests.benchmarks.harness.contenders import Contender, UnavailableError, Work, WrongValuesError, checked_error
from tests.benchmarks.harness.quiet import Neighbours

LEAST_SECONDS = 0.3
"""A sample repeats short work for so long and takes the median."""


@dataclass(frozen=True)
class Sample:
    """Seconds for the whole grid, seconds that the sample took, the share of the machine that others took meanwhile."""

    seconds: float
    taken: float
    others: float


class Here:
    """A contender in this process, warmed up and checked.

    Raises:
        UnavailableError, WrongValuesError: see there.
    """

    def __init__(self, contender: Contender, least_seconds: float = LEAST_SECONDS) -> None:
        self._least = least_seconds
        self._work: Work = contender.make(*contender.given)
        self._work.context.__enter__()
        try:
            values = self._work.values(self._work.run())
            self.error = checked_error(contender.name, values, self._work, contender.allowed)
            self.note = self._work.note()
        except BaseException:
            self.close()
            raise

    def sample(self) -> Sample:
        """Run, and run again as long as less than the least time has passed."""
        times: list[float] = []
        others = Neighbours()
        while sum(times) < self._least:
            began = time.perf_counter()
            self._work.run()
            times.append(time.perf_counter() - began)
        return Sample(statistics.median(times) * self._work.scale, sum(times), others.share())

    def close(self) -> None:
        """Leave the work's context."""
        self._work.context.__exit__(None, None, None)


class Apart:
    """The same in a process of its own, on `threads` cores: nobody's allocator, caches or thread pools but its own.

    glibc raises the size from which blocks go back to the kernel with every large block that is freed, so in one
    process the order of contenders decides how many page faults each of them takes.
    """

    def __init__(self, contender: Contender, threads: int, least_seconds: float = LEAST_SECONDS) -> None:
        self._name, context = contender.name, multiprocessing.get_context("spawn")
        self._pipe, other = context.Pipe()
        self._process = context.Process(target=_serve, args=(other, contender, threads, least_seconds), daemon=True)
        self._process.start()
        other.close()
        try:
            self.error, self.note = self._answer()
        except BaseException:
            self.close()
            raise

    def sample(self) -> Sample:
        """Ask the process for one."""
        self._pipe.send("sample")
        found: Sample = self._answer()
        return found

    def close(self) -> None:
        """End the process."""
        self._pipe.close()
        self._process.join(timeout=5)
        if self._process.is_alive():
            self._process.terminate()

    def _answer(self):  # type: ignore[no-untyped-def]
        try:
            kind, content = self._pipe.recv()
        except EOFError:
            raise RuntimeError(f"{self._name}: its process ended without an answer; see its output above") from None
        if kind == "unavailable":
            raise UnavailableError(content)
        if kind == "wrong":
            raise WrongValuesError(content)
        if kind == "failed":
            raise RuntimeError(f"{self._name} failed in its own process:\n{content}")
        return content


def _serve(pipe: Connection, contender: Contender, threads: int, least_seconds: float) -> None:
    """Answer with ("ready", (error, note)), then with ("sample", ...) to each request, until the pipe closes."""
    use(threads)
    try:
        here = Here(contender, least_seconds)
        pipe.send(("ready", (here.error, here.note)))
        while pipe.recv() == "sample":
            pipe.send(("sample", here.sample()))
    except (EOFError, BrokenPipeError):
        pass
    except UnavailableError as reason:
        pipe.send(("unavailable", str(reason)))
    except WrongValuesError as reason:
        pipe.send(("wrong", str(reason)))
    except Exception:
        pipe.send(("failed", traceback.format_exc()))


def use(threads: int) -> None:
    """Give torch so many threads, and everything else (jax has no setting) as many cores."""
    torch.set_num_threads(threads)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
