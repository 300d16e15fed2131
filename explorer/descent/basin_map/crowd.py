"""Crowds: many points walking at once, each as it would walk alone.

An optimizer that treats every entry by itself walks a tensor of points [N, P] exactly as it walks each row, so one
instance of the user's own class serves all; a point that diverges stays its own row's affair.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from explorer.descent.basin_map.many_gradients import Evaluate
from explorer.descent.optimizers import Method, made


@dataclass(frozen=True, eq=False)
class Ends:
    """Where the points of a crowd have come to."""

    thetas: Tensor
    """[N, P]; of a diverged point, where it was when something was no longer finite."""
    losses: Tensor
    """[N], there."""
    diverged: Tensor
    """[N], bool: theta, loss or gradient is no longer finite."""
    settled: Tensor
    """[N], the first step from which the loss stays within the tolerance of its last value; -1 if the last step still
    changed it by more, or the point diverged."""

    def __len__(self) -> int:
        return len(self.losses)

    @property
    def fields(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """All of it, in order."""
        return self.thetas, self.losses, self.diverged, self.settled


class Crowd:
    """Points and the optimizer that walks them.

    Args:
        starts: [N, P]; stays as it is.
        method, options: the optimizer.
        rates: (rate, how many of the points, in their order, walk at it), one parameter group each.
        steps: to take.
        tolerance: of `Ends.settled`.

    Raises:
        ValueError: what the class does not take.
    """

    def __init__(
        self,
        starts: Tensor,
        method: Method,
        options: Mapping[str, Any],
        rates: Sequence[tuple[float, int]],
        steps: int,
        tolerance: float,
    ) -> None:
        self._thetas = starts.detach().clone()
        # Views of one tensor: the optimizer writes into them in place.
        self._leaves = [each.requires_grad_() for each in torch.split(self._thetas, [many for _, many in rates])]
        groups = [{"params": [leaf], "lr": rate} for leaf, (rate, _) in zip(self._leaves, rates, strict=True)]
        self._optimizer = made(method, groups, rates[0][0], options)
        self._losses = starts.new_empty(steps + 1, len(starts))
        self._gone = torch.zeros(len(starts), dtype=torch.bool, device=starts.device)
        self._some_gone = False
        self._left = starts.detach().clone()
        self._steps, self._tolerance = steps, tolerance

    def walk(self, evaluate: Evaluate) -> Iterator[None]:
        """Take all steps; yield after each evaluation, so that whoever asks may do something else, or stop."""
        try:
            for step in range(self._steps + 1):
                losses, gradients = evaluate(self._thetas)
                self._losses[step] = losses
                self._mark(step, losses, gradients)
                if step < self._steps:
                    for leaf, gradient in zip(self._leaves, self._split(gradients), strict=True):
                        leaf.grad = gradient
                    self._optimizer.step()
                yield
        finally:
            # An optimizer refers to itself: what it holds would stay until the garbage is collected.
            self._optimizer.state.clear()
            self._optimizer.param_groups.clear()
            for leaf in self._leaves:
                leaf.grad = None

    def ends(self) -> Ends:
        """Return where the points are, after the walk."""
        thetas = torch.where(self._gone[:, None], self._left, self._thetas)
        settled = torch.where(self._gone, -1, _settled(self._losses, self._tolerance))
        return Ends(thetas, self._losses[-1].clone(), self._gone, settled)

    def _mark(self, step: int, losses: Tensor, gradients: Tensor) -> None:
        """Note which points are no longer finite, and where they were."""
        if not self._some_gone and bool(torch.isfinite(losses.sum() + gradients.square().sum() + self._thetas.sum())):
            return
        norms = torch.linalg.vector_norm(gradients, dim=1)
        finite = losses.isfinite() & norms.isfinite() & self._thetas.isfinite().all(1)
        new = ~finite & ~self._gone
        self._left[new] = self._thetas[new]
        # What a point is worth after that is what it was worth there.
        self._losses[step, self._gone] = self._losses[step - 1, self._gone]
        self._gone |= new
        self._some_gone = bool(self._gone.any())

    def _split(self, gradients: Tensor) -> tuple[Tensor, ...]:
        return torch.split(gradients, [len(leaf) for leaf in self._leaves])


def _settled(losses: Tensor, tolerance: float) -> Tensor:
    """Return, of losses [T + 1, N], the first step from which each stays within the tolerance of its last; -1 if that
    is the last step itself."""
    away = (losses - losses[-1]).abs() > tolerance
    # In 32 bits, as this goes through all steps of all points.
    steps = torch.arange(1, len(losses) + 1, dtype=torch.int32, device=losses.device)[:, None]
    first = (away * steps).amax(0).to(torch.int64)
    return torch.where(first >= len(losses) - 1, -1, first)
