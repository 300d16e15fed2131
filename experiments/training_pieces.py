"""What the generated training programs have in common: optimizer, schedule and loop as code."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from torch import optim

from explorer.descent import SCHEDULES
from explorer.descent.optimizers import Method
from explorer.study import Training

_WIDTH = 70

_STEP = """    optimizer.zero_grad()
    L = {loss}
    L.backward()              # fills w.grad and b.grad
    optimizer.step()          # moves w and b
"""

_CLOSURE = """
    def closure():  # L-BFGS evaluates the loss at several places in one step
        optimizer.zero_grad()
        L = {loss}
        L.backward()
        return L

    optimizer.step(closure)
"""

_SCHEDULED = "    scheduler.step()          # moves the learning rate\n"


def optimizer_line(method: Method, lr: float) -> str:
    """Return the line that makes the optimizer of `model`, with all options that differ from torch's.

    Raises:
        ValueError: the optimizer is none of `torch.optim`.
    """
    name = method.make.__name__
    if getattr(optim, name, None) is not method.make:
        raise ValueError(f"expected an optimizer of torch.optim for a program; got {name}")
    return "optimizer = torch.optim." + _call(name, "model.parameters()", {"lr": float(lr), **method.options})


def scheduler_line(training: Training) -> str:
    """Return the line that makes the scheduler, "" where the rate stays.

    Raises:
        ValueError: no such schedule.
    """
    if training.schedule not in SCHEDULES:
        raise ValueError(f"expected a schedule among {', '.join(SCHEDULES)}; got {training.schedule!r}")
    made = SCHEDULES[training.schedule](training.steps)
    if not isinstance(made, partial):
        return ""
    return f"scheduler = torch.optim.lr_scheduler.{_call(made.func.__name__, 'optimizer', made.keywords)}\n"


def step_lines(method: Method, training: Training, loss: str) -> str:
    """Return the body of the loop that takes one step down `loss`, an expression."""
    step = (_CLOSURE if method.make is optim.LBFGS else _STEP).format(loss=loss)
    return step + (_SCHEDULED if training.schedule != "none" else "")


def _call(name: str, first: str, options: Mapping[str, Any]) -> str:
    """Write a call, on one line if it is short."""
    given = [first, *(f"{key}={value!r}" for key, value in options.items())]
    line = f"{name}({', '.join(given)})"
    return line if len(line) <= _WIDTH else f"{name}(\n" + "".join(f"    {each},\n" for each in given) + ")"
