"""Slices of networks trained for a moment: loops, peers and sweeps, each as a contender's work."""

import copy
import functools
import importlib.util
import inspect
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import xarray as xr
from torch import nn

from explorer import Grid, Objective, Plane, directions, sweep
from tests.benchmarks.harness.contenders import Floats, UnavailableError, Work, share_of_log_range
from tests.benchmarks.work import loops
from tests.benchmarks.work.synthetic import load


@dataclass(frozen=True)
class Slice:
    """A model (built by a function, weights and data saved at `path`) in its filter-normalized random plane.

    Of `points` x `points` within radius 1; the loops time `looped` of them, `checked` squared are compared.
    """

    build: Callable[[], nn.Module]
    path: Path
    points: int = 51
    looped: int = 8
    checked: int = 7

    def ready(self) -> tuple[nn.Module, loops.Data, Plane]:
        """Return the trained model, the data and the plane."""
        model, data = load(self.build(), self.path)
        return model, data, directions.gaussian(Objective(model, nn.CrossEntropyLoss(), data))

    @property
    def grid(self) -> Grid:
        """The grid."""
        return Grid.square(points=self.points)

    @property
    def picked(self) -> list[int]:
        """Flat positions that are compared: a coarse grid from corner to corner."""
        rows = np.linspace(0, self.points - 1, min(self.checked, self.points)).round().astype(int)
        return [int(i * self.points + j) for i in rows for j in rows]


def usual(slice_: Slice) -> Work:
    """The loop of Li et al. 2018."""
    return _looped(slice_, loops.usual_loop)


def resident(slice_: Slice, block: int) -> Work:
    """A loop over data in memory."""
    return _looped(slice_, functools.partial(loops.resident_loop, block=block))


def _looped(slice_: Slice, loop: Callable[..., Floats]) -> Work:
    model, data, plane = slice_.ready()
    coords = slice_.grid.coords
    some = coords[np.linspace(0, len(coords) - 1, min(slice_.looped, len(coords))).astype(int)]
    return Work(
        lambda: loop(model, plane, some, data),
        loops.exact(model, plane, some, data),
        scale=len(coords) / len(some),
        note=lambda: f"{len(some)} points, scaled",
    )


def loss_landscapes(slice_: Slice) -> Work:
    """loss-landscapes' random_plane, filter-normalized, on a grid of its own around the same model; scaled.

    It draws its own directions and moves as it likes, so the reference is taken where it calls its metric.
    """
    if importlib.util.find_spec("loss_landscapes") is None:
        raise UnavailableError("loss-landscapes is not installed (requirements-bench.txt)")
    from loss_landscapes import random_plane
    from loss_landscapes.metrics import Loss, Metric

    model, data, _ = slice_.ready()
    steps = max(2, int(slice_.looped**0.5) + 1)
    wide = data[0].double()

    class Exact(Metric):  # type: ignore[misc]
        def __call__(self, wrapper: Any) -> float:
            twin = copy.deepcopy(model).double()
            with torch.no_grad():
                for own, there in zip(twin.parameters(), wrapper.get_module_parameters(), strict=True):
                    own.copy_(there)
                return float(nn.functional.cross_entropy(twin(wide), data[1]))

    def run(metric: Any = None) -> Floats:
        torch.manual_seed(0)
        metric = metric or Loss(nn.functional.cross_entropy, *data)
        return np.asarray(random_plane(model, metric, 1, steps, normalization="filter", deepcopy_model=True))

    return Work(run, run(Exact()), scale=slice_.grid.size / steps**2, note=lambda: f"{steps**2} points, scaled")


def swept(slice_: Slice, dtype: torch.dtype | None = None, fresh: bool = True) -> Work:
    """One sweep of the loss; with `fresh` of an objective made anew each time, counted as well.

    Raises:
        UnavailableError: bfloat16 was asked for, and this sweep has no mixed precision.
    """
    model, data, plane = slice_.ready()
    first = Objective(model, nn.CrossEntropyLoss(), data)
    last: dict[str, xr.Dataset] = {}

    def run() -> Floats:
        objective = Objective(model, nn.CrossEntropyLoss(), data) if fresh else first
        last["found"] = swept_loss(objective, plane, slice_.grid, dtype=dtype)
        return last["found"].loss.values.reshape(-1)[slice_.picked]

    if dtype is not None:
        _require_mixed_precision(first, plane, dtype)
    return Work(
        run,
        loops.exact(model, plane, slice_.grid.coords[slice_.picked], data),
        error=share_of_log_range,
        note=lambda: strategy(last["found"]),
    )


def typed(slice_: Slice) -> Work:
    """The call as a user types it, with its defaults: the loss, and the report beside it."""
    model, data, plane = slice_.ready()
    last: dict[str, Any] = {}

    def run() -> Floats:
        began = time.perf_counter()
        last["found"] = found = sweep(Objective(model, nn.CrossEntropyLoss(), data), plane, slice_.grid, progress=False)
        last["beside"] = time.perf_counter() - began - float(found.attrs["seconds"])
        return found.loss.values.reshape(-1)[slice_.picked]

    return Work(
        run,
        loops.exact(model, plane, slice_.grid.coords[slice_.picked], data),
        error=share_of_log_range,
        note=lambda: f"{last['beside']:.2f} s beside {float(last['found'].attrs['seconds']):.2f} s of the picture",
    )


def _require_mixed_precision(objective: Objective, plane: Plane, dtype: torch.dtype) -> None:
    try:
        attrs = swept_loss(objective, plane, Grid.square(points=3), dtype=dtype).attrs
    except (ValueError, TypeError, RuntimeError) as reason:
        raise UnavailableError(f"sweep(dtype={dtype}) refuses: {str(reason).splitlines()[0]}") from reason
    if "mixed_precision_error" not in attrs:
        raise UnavailableError(f"sweep(dtype={dtype}) has no mixed precision")


def interpolated(slice_: Slice, tolerance: float) -> Work:
    """Everything from a model and data to a finished landscape; compared with the whole sweep, in float32.

    Raises:
        UnavailableError: this sweep takes no tolerance.
    """
    if "tolerance" not in inspect.signature(sweep).parameters:
        raise UnavailableError("sweep takes no tolerance")
    model, data, plane = slice_.ready()
    whole = swept_loss(Objective(model, nn.CrossEntropyLoss(), data), plane, slice_.grid)
    last: dict[str, xr.Dataset] = {}

    def run() -> Floats:
        objective = Objective(model, nn.CrossEntropyLoss(), data)
        own = directions.gaussian(objective)
        last["found"] = swept_loss(objective, own, slice_.grid, tolerance=tolerance)
        return last["found"].loss.values.reshape(-1)

    return Work(
        run,
        whole.loss.values.reshape(-1).astype(np.float64),
        error=share_of_log_range,
        note=lambda: f"{int((last['found'].status == 1).sum())} of {slice_.grid.size} points evaluated",
    )


def swept_loss(objective: Objective, plane: Plane, grid: Grid, **how: Any) -> xr.Dataset:
    """Sweep the loss silently."""
    return sweep(objective, plane, grid, quantities=("loss",), progress=False, report=False, **how)


def strategy(found: xr.Dataset) -> str:
    """Return how a landscape was computed."""
    text, error = str(found.attrs["strategy"]), found.attrs.get("mixed_precision_error")
    return text if error is None else f"{text}, own error estimate {error:.1e}"
