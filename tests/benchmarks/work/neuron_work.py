"""The tanh neuron over (w, b): the loops that everybody writes first, sweeps, and jax; each as a contender's work."""

import importlib.util
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import xarray as xr

import models
from explorer import Grid, Objective, directions, sweep
from explorer.graphs.run import background_compiler
from tests.benchmarks.harness.contenders import Floats, UnavailableError, Work

WINDOW = (-4.0, 4.0)
BOTH = ("loss", "gradient")


@dataclass(frozen=True)
class Size:
    """Points along each axis, data, and how many points of the naive loop are timed; the rest is scaled."""

    points: int = 512
    samples: int = 64
    looped: int = 3000
    patience: float = 5.0
    """Seconds to wait until the engine has settled."""

    @property
    def grid(self) -> Grid:
        """The lesson's window."""
        return Grid({"w": (*WINDOW, self.points), "b": (*WINDOW, self.points)})


def data(samples: int, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
    """Return x and y [samples]."""
    x = torch.linspace(-2, 2, samples, dtype=dtype)
    return x, torch.sin(3 * x) / 2


def closed_form(places: Floats, samples: int, quantities: tuple[str, ...]) -> Floats:
    """Return loss, dL/dw, dL/db [N, 3] (loss [N] if it is the only quantity) at (w, b) [N, 2], in NumPy.

    With h = tanh(w x + b) and r = h - y: L = mean r², dL/dw = mean 2 r (1 - h²) x, dL/db = mean 2 r (1 - h²). In
    float64; of the float32 data that the contenders see.
    """
    x, y = (part.double().numpy() for part in data(samples, torch.float32))
    rows = []
    for some in np.array_split(places, max(1, len(places) // 4096)):
        h = np.tanh(some[:, :1] * x + some[:, 1:])
        pull = 2 * (h - y) * (1 - h**2)
        rows.append(np.stack([((h - y) ** 2).mean(1), (pull * x).mean(1), pull.mean(1)], axis=1))
    found = np.concatenate(rows)
    return found if quantities == BOTH else found[:, 0]


def objective_of(size: Size, dtype: torch.dtype = torch.float32) -> Objective:
    """Return the neuron's mean squared error."""
    return Objective(models.MODELS["tanh_neuron"](dtype=dtype), models.LOSSES["mse"](), data(size.samples, dtype))


def naive(size: Size, backward: bool) -> Work:
    """Set the parameters, forward, backward, read loss and gradient; or only the loss."""
    model, loss = models.MODELS["tanh_neuron"](dtype=torch.float32), models.LOSSES["mse"]()
    x, y = data(size.samples, torch.float32)
    coords = size.grid.coords
    places = coords[np.linspace(0, len(coords) - 1, min(size.looped, len(coords))).astype(int)]

    def run() -> Floats:
        found = np.empty((len(places), 3))
        for i, (w, b) in enumerate(places):
            with torch.no_grad():
                model.w.fill_(w)
                model.b.fill_(b)
            model.zero_grad()
            value = loss(model(x), y)
            if backward:
                value.backward()
                found[i] = value.item(), model.w.grad.item(), model.b.grad.item()
            else:
                found[i, 0] = value.item()
        return found if backward else found[:, 0]

    reference = closed_form(places, size.samples, BOTH if backward else ("loss",))
    return Work(run, reference, scale=len(coords) / len(places), note=lambda: f"{len(places)} points, scaled")


def swept(size: Size, quantities: tuple[str, ...]) -> Work:
    """One sweep, of an objective that has been swept before, as often as it takes for the engine to settle; a compiler
    has not been waited for."""
    run, last = _sweeper(size, quantities, pays_after=math.inf)
    _settle(run, size.patience)
    return Work(
        run,
        closed_form(size.grid.coords, size.samples, quantities),
        note=lambda: str(last["found"].attrs["strategy"]),
        values=values_of,
    )


def compiled(size: Size, quantities: tuple[str, ...], patience: float) -> Work:
    """The same once it has been compiled: sweep, and wait until a sweep says so.

    Raises:
        UnavailableError: no sweep said so within `patience` seconds.
    """
    run, last = _sweeper(size, quantities, pays_after=0.1)
    began = time.perf_counter()
    while "machine code" not in str(run().attrs["rewrites"]):
        if time.perf_counter() - began > patience:
            raise UnavailableError(f"after {patience:g} s sweeps are still by {last['found'].attrs['strategy']}")
        time.sleep(0.5)
    return Work(
        run,
        closed_form(size.grid.coords, size.samples, quantities),
        note=lambda: str(last["found"].attrs["strategy"]),
        values=values_of,
    )


def _settle(run: Callable[[], xr.Dataset], seconds: float) -> None:
    """Sweep until the engine has found out that this is swept again and again, or for so long."""
    until = time.perf_counter() + seconds
    while not str(run().attrs["strategy"]).startswith("traced") and time.perf_counter() < until:
        pass


def _sweeper(
    size: Size, quantities: tuple[str, ...], pays_after: float
) -> tuple[Callable[[], xr.Dataset], dict[str, xr.Dataset]]:
    objective, grid = objective_of(size), size.grid
    plane = directions.axes(objective, "w", "b")
    last: dict[str, xr.Dataset] = {}

    def run() -> xr.Dataset:
        before, background_compiler.PAYS_AFTER = background_compiler.PAYS_AFTER, pays_after
        try:
            last["found"] = sweep(objective, plane, grid, quantities=quantities, progress=False, report=False)
        finally:
            background_compiler.PAYS_AFTER = before
        return last["found"]

    return run, last


def values_of(found: xr.Dataset) -> Floats:
    """Return loss [N], or loss and gradient [N, 3]."""
    loss = found.loss.values.reshape(-1)
    if "gradient" not in found:
        return loss
    return np.column_stack([loss, found.gradient.values.reshape(-1, 2)])


def jitted(size: Size, quantities: tuple[str, ...], mapped: bool) -> Work:
    """jax.jit(jax.vmap(f)) or jax.jit(jax.lax.map(f)) over the same grid, compiled before; f with its gradient or not.

    `lax.map` in batches of 4,096 points, whose temporaries stay in the cache, is the fastest form of it.
    """
    if importlib.util.find_spec("jax") is None:
        raise UnavailableError("jax is not installed (requirements-bench.txt)")
    import jax
    import jax.numpy as jnp

    x, y = (jnp.asarray(part.numpy()) for part in data(size.samples, torch.float32))
    coords = jnp.asarray(size.grid.coords, dtype=jnp.float32)

    def loss(theta: jax.Array) -> jax.Array:
        return jnp.mean((jnp.tanh(theta[0] * x + theta[1]) - y) ** 2)

    f = jax.value_and_grad(loss) if quantities == BOTH else loss
    call = jax.jit((lambda points: jax.lax.map(f, points, batch_size=4096)) if mapped else jax.vmap(f))

    def run() -> list[Floats]:
        # As NumPy arrays they are there; jax returns before it has finished.
        return [np.asarray(part) for part in jax.tree.leaves(call(coords))]

    reference = closed_form(size.grid.coords, size.samples, quantities)
    return Work(run, reference, values=lambda parts: np.column_stack(parts) if len(parts) > 1 else parts[0])
