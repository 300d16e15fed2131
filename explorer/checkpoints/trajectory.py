"""Trajectory: the thetas that training went through."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isnan

import torch
from torch import Tensor

PARTS = (
    "of complex parameters theta holds both parts, as objective.layout.flatten(dict(model.named_parameters())) gives"
)
"""What to do instead of complex thetas."""


@dataclass(frozen=True, eq=False, repr=False)
class Trajectory:
    """Thetas in the order of training, with the steps they were recorded at and, where known, their losses.

    Raises:
        ValueError: shapes do not fit, no theta, or steps that do not increase.
    """

    thetas: Tensor
    """[T, P], floating point."""
    steps: Tensor
    """[T], whole numbers, increasing."""
    losses: Tensor | None = None
    """[T], NaN where one is not known; or None."""
    buffers: tuple[Mapping[str, Tensor], ...] | None = field(default=None, kw_only=True)
    """Of each theta, name -> tensor, as far as they were saved with it: BatchNorm's statistics belong to the weights;
    or None."""

    def __post_init__(self) -> None:
        if self.thetas.dim() != 2 or len(self.thetas) == 0 or not self.thetas.is_floating_point():
            cure = f": {PARTS}" if self.thetas.is_complex() else ""
            raise ValueError(
                f"expected thetas [T, P], floating point; got {tuple(self.thetas.shape)}, {self.thetas.dtype}{cure}"
            )
        for name, each in (("steps", self.steps), ("losses", self.losses)):
            if each is not None and each.shape != (len(self),):
                raise ValueError(f"expected {len(self)} {name}, one for each theta; got shape {tuple(each.shape)}")
        if self.steps.is_floating_point() or bool((self.steps.diff() <= 0).any()):
            raise ValueError(f"expected steps as increasing whole numbers; got {self.steps.tolist()[:8]}")

    def __repr__(self) -> str:
        """Return what it is, in a line."""
        known = [] if self.losses is None else [f"{loss:.6g}" for loss in self.losses.tolist() if not isnan(loss)]
        untold = "" if self.losses is None else ", no losses told"
        losses = f", losses {known[0]} ... {known[-1]}" if known else untold
        return (
            f"Trajectory({len(self)} thetas [{self.thetas.shape[1]}] {self.thetas.dtype}, steps "
            f"{int(self.steps[0])} ... {int(self.steps[-1])}{losses})"
        )

    def __len__(self) -> int:
        return len(self.thetas)

    @classmethod
    def of(
        cls,
        thetas: Tensor | Sequence[Tensor],
        steps: Sequence[int] | None = None,
        losses: Sequence[float] | None = None,
    ) -> "Trajectory":
        """Return the trajectory of thetas [T, P], or of T thetas [P]; steps are 0, 1, ... where not given."""
        rows = thetas if isinstance(thetas, Tensor) else torch.stack(list(thetas))
        numbers = torch.arange(len(rows)) if steps is None else torch.as_tensor(steps)
        return cls(rows, numbers, None if losses is None else torch.as_tensor(losses, dtype=torch.float64))
