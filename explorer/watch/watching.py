"""Watching: at some of the steps that are recorded, the landscape around them in the same directions, and the sharpness
along the update."""

import math
from collections.abc import Callable
from typing import Any

import torch
import xarray as xr
from torch import Tensor, nn

from explorer.checkpoints import own_checkpoint
from explorer.curvature.critical_steps import critical_step
from explorer.grid import Grid
from explorer.objective import Objective
from explorer.plane import Plane
from explorer.signature import checked
from explorer.sweeps import sweep
from explorer.warned import warn
from explorer.watch.loggers import Logger, logger_for


class Watch:
    """What `explorer.record(..., watch=)` calls around the steps of a training.

    Frames are slices through the model as it is, along the directions of one plane: on one grid they can be compared.
    The critical sharpness is 2 / (s r), with s the factor by which the optimizer's update would have to be longer for
    the loss to be no lower than before it, and r its rate: of gradient descent on a quadratic the sharpness along the
    gradient. It takes forward evaluations alone.

    Args:
        objective: what is measured; its own model is not the one that is trained.
        plane: whose directions are looked along; its origin does not matter. None leaves frames out.
        grid: around each step's theta, as (0, 0).
        every: which of the recorded steps are looked at: the first, which is step 0 or that from which a recording goes
            on, every so many after it, and the last one of a block that ends without an error, as those of a recording
            itself. The first and a last one out of turn have a loss and a frame, and no update to look along.
        tracker: told of each, where it is one of TensorBoard's, MLflow's or Weights & Biases'; with names that begin
            with "landscape/".

    Raises:
        ValueError: every below 1, or a plane without a grid.
        TypeError: the tracker is none.
    """

    @checked
    def __init__(
        self,
        objective: Objective,
        plane: Plane | None = None,
        grid: Grid | None = None,
        *,
        every: int = 1,
        tracker: Any = None,
    ) -> None:
        if every < 1:
            raise ValueError(f"expected every of at least 1; got {every}")
        if (plane is None) != (grid is None):
            raise ValueError("expected a plane and a grid for frames, or neither")
        self._objective, self._plane, self._grid, self._every = objective, plane, grid, every
        self._logger = None if tracker is None else logger_for(tracker, pictures=plane is not None)
        self._seen = 0
        self._before: Tensor | None = None
        self.frames: dict[int, xr.Dataset] = {}
        """Step -> the landscape around it."""
        self.numbers: dict[int, dict[str, float]] = {}
        """Step -> loss, and critical_step and critical_sharpness where an optimizer tells its steps."""

    @property
    def landscape(self) -> xr.Dataset:
        """All frames, over `step` before the axes.

        Raises:
            ValueError: there are none.
        """
        if not self.frames:
            raise ValueError("expected frames; nothing was watched along a plane yet")
        steps = xr.Variable("step", list(self.frames))
        return xr.concat(list(self.frames.values()), dim=steps, combine_attrs="drop_conflicts")

    def expects(self, is_kept: bool) -> bool:
        """Return whether a step is watched, of which it is known whether it is recorded."""
        return is_kept and self._seen % self._every == 0

    def before(self, model: nn.Module) -> None:
        """Look at a model before a step that is going to be watched."""
        self._before = own_checkpoint(self._objective, model).theta

    def after(self, step: int, model: nn.Module, rate: float | None) -> None:
        """Look at a model after a step that was recorded, if it is its turn; of the first it is.

        Raises:
            ValueError: it has seen a later one, of another recording.
        """
        if step <= max(self.numbers, default=-1):
            raise ValueError(
                f"expected a Watch of its own for each recording; this one has seen step {max(self.numbers)}, and is "
                f"shown step {step}: its frames would be lost"
            )
        watched, self._seen = self._seen % self._every == 0, self._seen + 1
        before, self._before = self._before, None
        if watched:
            self._look(step, model, before, rate)

    def last(self, step: int, model: nn.Module) -> None:
        """Look at a model after what turned out to be the last step, where it was not its turn."""
        if step not in self.numbers:
            self._look(step, model, None, None)

    def _look(self, step: int, model: nn.Module, before: Tensor | None, rate: float | None) -> None:
        saved = own_checkpoint(self._objective, model)
        objective = self._objective.with_buffers(saved.buffers)
        told = {"loss": saved.loss(self._objective)}
        if before is not None:
            told |= _along_update(objective, before, saved.theta - before, rate)
        self.numbers[step] = told
        named = {f"landscape/{name}": value for name, value in told.items()}
        self._tell(lambda logger: logger.numbers(named, step))
        if self._plane is None or self._grid is None:
            return
        made = {"kind": "along", "of": self._plane.describe()["sha256"], "step": step}
        plane = Plane(saved.theta, self._plane.basis.to(saved.theta), self._plane.labels, made)
        frame = self.frames[step] = sweep(objective, plane, self._grid, report=False, progress=False)
        self._tell(lambda logger: logger.picture("landscape/frame", frame, step))

    def _tell(self, tell: Callable[[Logger], None]) -> None:
        """Tell the tracker. One that fails must not end the training: it is told nothing more."""
        if self._logger is None:
            return
        try:
            tell(self._logger)
        except Exception as error:
            self._logger = None
            warn(f"the tracker raised {error!r}, and is told nothing more")


def _along_update(objective: Objective, before: Tensor, update: Tensor, rate: float | None) -> dict[str, float]:
    if not bool(torch.any(update)):
        return {}
    step = critical_step(objective, before, update)
    told = {"critical_step": step}
    if rate:
        told["critical_sharpness"] = math.inf if not step else 2.0 / (step * rate)
    return told
