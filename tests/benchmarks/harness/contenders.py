"""What competes: a complete piece of work that returns its values, beside the values it should return."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


class UnavailableError(Exception):
    """This contender cannot run here; the message says why."""


class WrongValuesError(Exception):
    """A contender's values are too far from the reference: nothing is timed."""


def share_of_range(values: Floats, reference: Floats) -> float:
    """Return max |values - reference| / (max reference - min reference), the worst column of [N] or [N, columns]."""
    span = reference.max(axis=0) - reference.min(axis=0)
    return float(np.max(np.abs(values - reference).max(axis=0) / span))


def share_of_log_range(values: Floats, reference: Floats) -> float:
    """Return the same of the logarithms."""
    return share_of_range(np.log(values), np.log(reference))


@dataclass(frozen=True)
class Work:
    """One contender, ready to run.

    `values` of what `run` returns, which are not timed, are compared with `reference`, float64 values computed
    otherwise; the seconds of `run` times `scale` are those of the whole grid. `context` is held from before the first
    run until after the last. `note` is asked after the first run.
    """

    run: Callable[[], Any]
    reference: Floats
    scale: float = 1.0
    error: Callable[[Floats, Floats], float] = share_of_range
    context: AbstractContextManager[Any] = field(default_factory=nullcontext)
    note: Callable[[], str] = str
    values: Callable[[Any], ArrayLike] = np.asarray


@dataclass(frozen=True)
class Goal:
    """At least `times` as fast as the contender named `over` (the fastest of several), with at most this error.

    Without `times` the ratio is only told; with `judged` False no verdict is given.
    """

    over: str | tuple[str, ...]
    times: float | None = None
    error: float | None = None
    judged: bool = True


@dataclass(frozen=True)
class Contender:
    """A name, and how to get ready: `make(*given)` is called where the work will run, so both must be picklable.

    An error above `allowed` stops the benchmark.
    """

    name: str
    make: Callable[..., Work]
    given: tuple[Any, ...] = ()
    goals: tuple[Goal, ...] = ()
    allowed: float = 1e-4


def checked_error(name: str, values: ArrayLike, work: Work, allowed: float) -> float:
    """Return how far values are from the reference.

    Raises:
        WrongValuesError: another shape, or farther than allowed (or not a number).
    """
    found = np.asarray(values, dtype=np.float64)
    if found.shape != work.reference.shape:
        raise WrongValuesError(f"{name}: expected values of shape {work.reference.shape}; got {found.shape}")
    error = work.error(found, work.reference)
    if not error <= allowed:
        raise WrongValuesError(f"{name}: expected an error of at most {allowed:g}; got {error:g}")
    return error
