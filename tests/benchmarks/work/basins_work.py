"""Descents of the tanh neuron from a grid of starts: the loop of torch.optim for each start, and all at once."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import xarray as xr

import models
from explorer import Grid, basins, directions
from explorer.descent import OPTIMIZERS
from tests.benchmarks.harness.contenders import Floats, Work
from tests.benchmarks.work.neuron_work import WINDOW, Size, data, objective_of

Step = Callable[[Floats, Floats, int], Floats]
"""gradient, memory (two slots of its shape, written to), number from 1 -> what is subtracted from theta."""

RATES = {"gd": 0.1, "momentum": 0.05, "rmsprop": 0.01, "adam": 0.05}


@dataclass(frozen=True)
class Descents:
    """Starts along each axis, steps, data, and how many starts of the loop are timed; the rest is scaled."""

    points: int = 256
    steps: int = 200
    samples: int = 9
    looped: int = 12

    @property
    def size(self) -> Size:
        """The same for a sweep."""
        return Size(self.points, self.samples)

    @property
    def grid(self) -> Grid:
        """The lesson's window."""
        return self.size.grid


def by_formula(starts: Floats, optimizer: str, work: Descents) -> Floats:
    """Return where the descents from starts [N, 2] end [N, 2], in NumPy, by the papers' formulas.

    Momentum: Polyak 1964; RMSProp: Hinton 2012; Adam: Kingma & Ba 2015, each as torch.optim's documentation has it.
    """
    x, y = (part.numpy() for part in data(work.samples, torch.float64))
    theta, memory, lr = starts.copy(), np.zeros((2, *starts.shape)), RATES[optimizer]
    for number in range(1, work.steps + 1):
        h = np.tanh(theta[:, :1] * x + theta[:, 1:])
        pull = 2 * (h - y) * (1 - h**2)
        gradient = np.stack([(pull * x).mean(1), pull.mean(1)], axis=1)
        theta -= lr * _STEPS[optimizer](gradient, memory, number)
    return theta


def _gd(gradient: Floats, memory: Floats, number: int) -> Floats:
    return gradient


def _momentum(gradient: Floats, memory: Floats, number: int) -> Floats:
    memory[0] = 0.9 * memory[0] + gradient
    return memory[0]


def _rmsprop(gradient: Floats, memory: Floats, number: int) -> Floats:
    memory[0] = 0.99 * memory[0] + 0.01 * gradient**2
    return gradient / (np.sqrt(memory[0]) + 1e-8)


def _adam(gradient: Floats, memory: Floats, number: int) -> Floats:
    memory[0] = 0.9 * memory[0] + 0.1 * gradient
    memory[1] = 0.999 * memory[1] + 0.001 * gradient**2
    first, second = memory[0] / (1 - 0.9**number), memory[1] / (1 - 0.999**number)
    step: Floats = first / (np.sqrt(second) + 1e-8)
    return step


_STEPS: dict[str, Step] = {"gd": _gd, "momentum": _momentum, "rmsprop": _rmsprop, "adam": _adam}


def half_within(values: Floats, reference: Floats) -> float:
    """Return within which share of the window's width half of all ends agree.

    Not the largest difference: where RMSProp's memory of large gradients has faded its steps are beyond the limit of
    stability, and the last digit of a gradient decides where a path goes.
    """
    return float(np.median(np.abs(values - reference).max(axis=1)) / (WINDOW[1] - WINDOW[0]))


def looped(work: Descents, optimizer: str) -> Work:
    """For each start a model, an optimizer, and the loop of training: zero_grad, forward, backward, step."""
    coords, loss = work.grid.coords, models.LOSSES["mse"]()
    starts = coords[np.linspace(0, len(coords) - 1, min(work.looped, len(coords))).astype(int)]
    x, y = data(work.samples, torch.float64)
    method = OPTIMIZERS[optimizer]

    def run() -> Floats:
        found = np.empty_like(starts)
        for i, (w, b) in enumerate(starts):
            model = models.MODELS["tanh_neuron"](w, b)
            walker = method.make(model.parameters(), lr=RATES[optimizer], **method.options)
            for _ in range(work.steps):
                walker.zero_grad()
                loss(model(x), y).backward()
                walker.step()
            found[i] = model.w.item(), model.b.item()
        return found

    reference = by_formula(starts, optimizer, work)
    return Work(
        run,
        reference,
        scale=len(coords) / len(starts),
        error=half_within,
        note=lambda: f"{len(starts)} starts, scaled",
    )


def mapped(work: Descents, optimizer: str) -> Work:
    """One map, of an objective that has had one before."""
    objective, grid = objective_of(work.size, torch.float64), work.grid
    plane = directions.axes(objective, "w", "b")
    last: dict[str, xr.Dataset] = {}

    def run() -> xr.Dataset:
        last["found"] = basins(objective, plane, grid, optimizer, RATES[optimizer], work.steps, progress=False)
        return last["found"]

    return Work(
        run,
        by_formula(grid.coords, optimizer, work),
        error=half_within,
        note=lambda: f"{last['found'].attrs['strategy']}, {last['found'].attrs['chunk_size']} starts at once",
        values=lambda found: found.final.values.reshape(-1, 2),
    )
