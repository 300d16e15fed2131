"""Walking: one of `torch.optim`'s optimizers on an objective, a step at a time."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, cast

from torch import Tensor, optim

from explorer.descent.optimizers import Method, made
from explorer.descent.path.trainee import Batch, Trainee
from explorer.objective import Objective

Scheduler = Callable[[optim.Optimizer], Any]
"""An optimizer -> a scheduler of it, such as `functools.partial(torch.optim.lr_scheduler.StepLR, step_size=50)`."""


class Walk:
    """Where an optimizer stands on an objective. It sees parameters of their own shapes, as in training.

    Args:
        objective: stays as it is.
        start: theta [P] to begin at; stays as it is.
        method, lr: the optimizer.
        scheduler: makes the scheduler of the rate, stepped after every step; None keeps it.

    Raises:
        ValueError: what the optimizer's class does not take.
    """

    def __init__(
        self,
        objective: Objective,
        start: Tensor,
        method: Method,
        lr: float,
        scheduler: Scheduler | None = None,
    ) -> None:
        self._trainee = Trainee(objective, start)
        self._optimizer = made(method, self._trainee.parameters, lr, {})
        self._scheduler = None if scheduler is None else scheduler(self._optimizer)

    def as_objective(self) -> AbstractContextManager[None]:
        """Return the context to measure and to step in; see `Trainee.as_objective`."""
        return self._trainee.as_objective()

    @property
    def theta(self) -> Tensor:
        """A copy of theta [P] where the walk stands."""
        return self._trainee.theta.clone()

    @property
    def rate(self) -> float:
        """The rate of the next step."""
        return float(self._optimizer.param_groups[0]["lr"])

    def measure(self) -> tuple[float, float]:
        """Return the objective where the walk stands, and the norm of its gradient there."""
        return float(self._trainee.backward()), self._trainee.gradient_norm()

    def step(self, batch: Batch | None = None) -> tuple[float, float]:
        """Go one step down the objective, or its loss on a batch; return value and norm of gradient before it.

        Raises:
            ValueError: an optimizer that does not evaluate.
        """
        found: list[tuple[float, float]] = []

        def closure() -> Tensor:
            value = self._trainee.backward(batch)
            # Some optimizers evaluate at several places in one step; the first is where it begins.
            if not found:
                found.append((float(value), self._trainee.gradient_norm()))
            return value

        try:
            self._optimizer.step(cast(Callable[[], float], closure))
        except RuntimeError as error:
            self._refuse_sparse(error)
            raise
        if not found:
            name = type(self._optimizer).__name__
            raise ValueError(f"expected an optimizer whose step calls its closure, as torch's do; {name} did not")
        if self._scheduler is not None:
            self._scheduler.step()
        return found[0]

    def _refuse_sparse(self, error: RuntimeError) -> None:
        """Say of a step that failed whether it takes no sparse gradients, or no others. Raises ValueError."""
        kinds = {each.grad.is_sparse for each in self._trainee.parameters if each.grad is not None}
        if True in kinds or isinstance(self._optimizer, optim.SparseAdam):
            raise ValueError(
                f"expected an optimizer that takes this model's gradients, {'some' if False in kinds else 'all'} of "
                f"which are {'sparse' if True in kinds else 'dense'}; {type(self._optimizer).__name__} raised: {error} "
                "(SGD and Adagrad take both; Embedding(sparse=False) makes them dense)"
            ) from error
