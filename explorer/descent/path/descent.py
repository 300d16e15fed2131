"""Descending: an optimizer's path from a start, as a trajectory."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import torch
from torch import Tensor, optim

from explorer.checkpoints.trajectory import Trajectory
from explorer.descent.optimizers import Method, method_of
from explorer.descent.path.minibatches import batches
from explorer.descent.path.trainee import Batch
from explorer.descent.path.walk import Scheduler, Walk
from explorer.objective import Objective
from explorer.signature import checked

Outcome = Literal["converged", "diverged", "stopped"]


@dataclass(frozen=True, eq=False)
class Descent(Trajectory):
    """A path of an optimizer: thetas [T, P] from the start on, the objective's losses [T] there, and how it ended."""

    gradient_norms: Tensor = field(default_factory=lambda: torch.empty(0))
    """[T], of the whole objective."""
    rates: Tensor = field(default_factory=lambda: torch.empty(0))
    """[T - 1], the learning rate of each step."""
    outcome: Outcome = "stopped"
    """"converged": the gradient's norm fell to the tolerance; "diverged": theta, loss or gradient is no longer finite,
    at the last entry; "stopped": all steps were taken."""
    method: Method | None = None
    """The optimizer, with all options it was given."""
    batch_size: int | None = None
    """Samples of a step's mini-batch; None: all."""

    def __repr__(self) -> str:
        assert self.losses is not None
        lowest = int(self.losses.nan_to_num(torch.inf).argmin())
        how = "" if self.method is None else f" by {self.method.title}"
        lines = [
            f"Descent{how}: {len(self) - 1:,} steps in {self.thetas.shape[1]:,} parameters, {self.outcome}",
            f"  loss {self.losses[0]:.4g} -> {self.losses[-1]:.4g}, lowest {self.losses[lowest]:.4g} at step "
            f"{int(self.steps[lowest]):,}",
        ]
        if len(self.gradient_norms):
            lines.append(f"  length of the gradient {self.gradient_norms[0]:.4g} -> {self.gradient_norms[-1]:.4g}")
        if self.batch_size is not None:
            lines.append(f"  mini-batches of {self.batch_size:,}")
        return "\n".join(lines)

    def steps_to(self, level: float) -> int | None:
        """Return the first step at which the loss is at most `level`; None if it never is."""
        assert self.losses is not None
        below = torch.nonzero(self.losses <= level)
        return int(self.steps[below[0, 0]]) if len(below) else None


@checked
def descend(
    objective: Objective,
    start: Tensor,
    optimizer: str | type[optim.Optimizer] = "adam",
    lr: float = 0.1,
    steps: int = 200,
    options: Mapping[str, Any] | None = None,
    scheduler: Scheduler | None = None,
    batch_size: int | None = None,
    seed: int = 0,
    *,
    tolerance: float = 0.0,
) -> Descent:
    """Walk down an objective with one of `torch.optim`'s own optimizers.

    Args:
        objective: theta -> scalar.
        start: theta [P] to begin at; stays as it is.
        optimizer: "gd", "momentum", "nesterov", "rmsprop", "adagrad", "adam", "adamw", "lbfgs" (one iteration a step),
            or any optimizer class.
        lr: the learning rate.
        steps: how many to take at most.
        options: further arguments of the class, over those that the name stands for.
        scheduler: optimizer -> scheduler of the rate, such as
            `functools.partial(torch.optim.lr_scheduler.CosineAnnealingLR, T_max=200)`; stepped after every step.
        batch_size: samples of a step's mini-batch; None takes all. The losses of the path are of all data.
        seed: of the order of mini-batches.
        tolerance: stop where the norm of the objective's gradient is at most this.

    Returns:
        The path, with its start; it ends early where it converged or diverged.

    Raises:
        ValueError: start, optimizer, rate, options, steps or batch size do not fit.
    """
    lr = float(lr)
    _check(objective, start, lr, steps)
    method = method_of(optimizer)
    method = replace(method, options={**method.options, **(options or {})})
    walk = Walk(objective, start, method, lr, scheduler)
    drawn = None if batch_size is None else batches(objective, batch_size, seed)
    with walk.as_objective():
        thetas, values, rates, outcome = _walked(walk, drawn, steps, tolerance)
    losses, norms = torch.tensor(values, dtype=torch.float64).T
    return Descent(
        torch.stack(thetas),
        torch.arange(len(thetas)),
        losses,
        norms,
        torch.tensor(rates, dtype=torch.float64),
        outcome,
        method,
        batch_size,
    )


def _walked(
    walk: Walk, drawn: Iterator[Batch] | None, steps: int, tolerance: float
) -> tuple[list[Tensor], list[tuple[float, float]], list[float], Outcome]:
    """Return the thetas, their values and norms, the rates between them, and how it ended."""
    thetas: list[Tensor] = []
    values: list[tuple[float, float]] = []
    rates: list[float] = []
    for _ in range(steps):
        thetas.append(walk.theta)
        rates.append(walk.rate)
        values.append(_stepped(walk, drawn))
        outcome = _ended(values[-1], tolerance)
        if outcome != "stopped":
            # The step that was taken from there is no part of the path.
            return thetas, values, rates[:-1], outcome
    thetas.append(walk.theta)
    values.append(walk.measure())
    return thetas, values, rates, _ended(values[-1], tolerance)


def _stepped(walk: Walk, drawn: Iterator[Batch] | None) -> tuple[float, float]:
    """Take a step; return the objective's value and the norm of its gradient where it began."""
    if drawn is None:
        return walk.step()
    found = walk.measure()
    walk.step(next(drawn))
    return found


def _ended(value: tuple[float, float], tolerance: float) -> Outcome:
    if not all(map(math.isfinite, value)):
        return "diverged"
    return "converged" if value[1] <= tolerance else "stopped"


def _check(objective: Objective, start: Tensor, lr: float, steps: int) -> None:
    if start.shape != (objective.layout.size,) or start.dtype != objective.dtype:
        raise ValueError(
            f"expected a start [P] with P = {objective.layout.size} in {objective.dtype}; got {tuple(start.shape)} in "
            f"{start.dtype}"
        )
    if not bool(start.isfinite().all()):
        raise ValueError("expected a finite start; got entries that are NaN or infinite")
    if not math.isfinite(lr):
        raise ValueError(f"expected a finite learning rate; got {lr}")
    if steps < 0:
        raise ValueError(f"expected steps of at least 0; got {steps}")
