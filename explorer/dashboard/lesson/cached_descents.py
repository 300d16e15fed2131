"""Walks: the state's optimizers on the state's objective; the same question is walked once."""

import time
from functools import lru_cache, partial

import torch
from torch import optim

from explorer.dashboard.lesson.objectives import objective_of
from explorer.dashboard.lesson.readers import rated
from explorer.dashboard.lesson.state import State
from explorer.dashboard.worker import WORKER
from explorer.descent import OPTIMIZERS, SCHEDULES, Descent, Diagnosis, descend, diagnose
from explorer.descent.path.walk import Scheduler
from explorer.objective import Objective
from explorer.study import Study, Training

TOLERANCE = 1e-10
"""Of the gradient's norm: a path ends there."""
SPELL = 0.05
"""Seconds between two pauses: most paths are done by then, and nobody waits much longer."""


def walk(state: State, study: Study, which: int = 0) -> Descent:
    """Return the path of one of the state's optimizers from its point. Between steps the worker pauses now and then.

    Raises:
        ValueError: the optimizer takes no such rate.
    """
    return _walk(objective_of(state, study), (state.w, state.b), training_of(state, study, which))


def diagnosed(state: State, study: Study, which: int = 0) -> Diagnosis:
    """Return why one of the state's paths went as it did. Raises ValueError as `walk`."""
    return _diagnosed(objective_of(state, study), (state.w, state.b), training_of(state, study, which))


def training_of(state: State, study: Study, which: int = 0) -> Training:
    """Return how one of the state's optimizers trains."""
    name, rate = rated(state.opt[which])
    optimizer: str | type[optim.Optimizer] = study.optimizers.get(name, name)
    # Terms hold their own data: there are no samples to take a few of.
    batch = 0 if study.terms else state.batch
    return Training(optimizer, state.lr if rate is None else rate, state.steps, state.schedule, batch, state.seed)


def title_of(state: State, study: Study, which: int = 0) -> str:
    """Return what one of the state's optimizers is called."""
    name, _ = rated(state.opt[which])
    return study.optimizers[name].__name__ if name in study.optimizers else OPTIMIZERS[name].title


class _Pausing:
    """A scheduler that lets the worker pause between steps now and then, beside what another does, if there is one."""

    def __init__(self, scheduler: Scheduler | None, optimizer: optim.Optimizer) -> None:
        self._inner = None if scheduler is None else scheduler(optimizer)
        self._since = time.perf_counter()

    def step(self) -> None:
        if time.perf_counter() - self._since >= SPELL:
            WORKER.pause()
            self._since = time.perf_counter()
        if self._inner is not None:
            self._inner.step()


# The newest of all visitors: changing what is shown beside the paths finds them again.
@lru_cache(maxsize=128)
def _walk(objective: Objective, start: tuple[float, float], training: Training) -> Descent:
    return descend(
        objective,
        torch.tensor(start, dtype=torch.float64),
        training.optimizer,
        training.lr,
        training.steps,
        scheduler=partial(_Pausing, SCHEDULES[training.schedule](training.steps)),
        batch_size=training.batch or None,
        seed=training.seed,
        tolerance=TOLERANCE,
    )


@lru_cache(maxsize=128)
def _diagnosed(objective: Objective, start: tuple[float, float], training: Training) -> Diagnosis:
    return diagnose(objective, _walk(objective, start, training))
