"""Lightning's modules: the loss that their training step returns."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from torch import Tensor, nn

from explorer.errors import ObjectiveError
from explorer.objective import Objective
from explorer.objective.copies import copied


def lightning(
    module: nn.Module, loader: Iterable[Any], *, count: Callable[[Any], Any] | None = None, **options: Any
) -> Objective:
    """Return the objective of a LightningModule: what its `training_step` returns for a batch.

    The module is copied without its trainer, in eval mode: dropout is off, and what it logs goes nowhere.

    Args:
        module: with automatic optimization.
        loader: of the batches that its training step takes.
        count: batch -> over how much its loss is a mean; not needed where that is its rows.
        options: as of `Objective`: metrics (module, batch) -> scalar, parameters, test_data.

    Raises:
        ObjectiveError: a module without such a step, or one that steps its optimizers itself.
    """
    if not callable(getattr(module, "training_step", None)):
        raise ObjectiveError(
            f"expected a LightningModule, with a training_step; got {type(module).__name__}: for a plain module use "
            "Objective(module, loss, loader)"
        )
    if getattr(module, "automatic_optimization", True) is False:
        raise ObjectiveError(
            "expected automatic optimization; this module steps its optimizers in training_step: give "
            "Objective(module, batch_loss=...) the loss alone"
        )
    return Objective(_alone(module), batch_loss=_own_loss, data=loader, count=count, **options)


def _alone(module: nn.Module) -> nn.Module:
    """Return a copy that logs nowhere: outside of a trainer logging is a warning, and after a fit an error."""
    alone = copied(module)
    for name in ("log", "log_dict"):
        setattr(alone, name, _nowhere)
    return alone


def _nowhere(*args: Any, **options: Any) -> None:
    """Log nothing."""


def _own_loss(module: Any, batch: Any) -> Tensor:
    takes = inspect.signature(module.training_step).parameters
    found = module.training_step(*(batch, 0, 0)[: len(takes)])
    loss = found.get("loss") if isinstance(found, Mapping) else found
    if not isinstance(loss, Tensor):
        raise ObjectiveError(
            f"expected training_step to return a loss, or a dictionary with one; got {type(found).__name__}"
        )
    return loss
