"""Points of the rows of docs/speed.md's table, evaluated without one rewrite."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from torch import Tensor, nn

from explorer import Grid, Objective, Plane, directions
from explorer.graphs import Rewrites, onednn_is_available
from explorer.graphs.run import background_compiler
from explorer.quantities import read_quantities
from explorer.sweeps.evaluation.chunk_sizes import bytes_per_point, points_per_chunk, widened
from explorer.sweeps.evaluation.fields import Fields, Measure
from explorer.sweeps.evaluation.strategies import LADDER, LOOP, Strategy, measure_by
from tests.benchmarks.harness.contenders import Floats, UnavailableError, Work, share_of_log_range, share_of_range
from tests.benchmarks.work import loops, neuron_work
from tests.benchmarks.work.switched_off import EVERYTHING, MACHINE_CODE, Rewrite

_WAIT = 180.0
"""Seconds for a compiler."""


@dataclass(frozen=True, eq=False)
class Row:
    """Points of one row: an objective's values on a plane, with their true ones."""

    name: str
    objective: Callable[[], Objective]
    """Made anew for each contender, for graphs are kept by objective."""
    plane: Plane
    coords: Tensor
    """[N, K]."""
    reference: Floats
    """Losses [N], or with gradient [N, 1 + K], float64."""
    batched: bool
    quantities: tuple[str, ...] = ("loss",)
    compiled: bool = False
    error: Callable[[Floats, Floats], float] = share_of_log_range

    def choices(self) -> list[Rewrites]:
        """Return what an evaluation chooses from."""
        kinds = ["oneDNN"] if onednn_is_available(self.plane.origin) else []
        kinds.append("as written")
        return [Rewrites(affine=affine, products=kind) for affine, kind in product((True, False), kinds)]  # type: ignore[arg-type]


def neuron_row(size: neuron_work.Size, quantities: tuple[str, ...], *, compiled: bool) -> Row:
    """Return a tanh neuron's mean squared error over (w, b)."""
    first = neuron_work.objective_of(size)
    name = f"neuron, {' and '.join(quantities)}{', compiled' if compiled else ''}"
    coords = size.grid.coords
    return Row(
        name,
        lambda: neuron_work.objective_of(size),
        directions.axes(first, "w", "b"),
        torch.from_numpy(coords).float(),
        neuron_work.closed_form(coords, size.samples, quantities),
        True,
        quantities,
        compiled,
        share_of_range,
    )


def network_row(name: str, model: nn.Module, data: loops.Data, points: int) -> Row:
    """Return a trained network's cross-entropy on a diagonal of its filter-normalized random plane."""

    def objective() -> Objective:
        return Objective(model, nn.CrossEntropyLoss(), data)

    plane = directions.gaussian(objective())
    coords = Grid.square(points=points).coords[:: points + 1]
    return Row(
        name,
        objective,
        plane,
        torch.from_numpy(coords).float(),
        loops.exact(model, plane, coords, data),
        False,
    )


def without(row: Row, rewrite: Rewrite, choices: Sequence[Rewrites]) -> Work:
    """Return a row's points evaluated without a rewrite, by the fastest of the choices that do without it.

    Raises:
        UnavailableError: what is to be compiled was not, in time.
    """
    with rewrite.off():
        if rewrite is EVERYTHING:
            strategy, run = _evaluation(row, LADDER[0] if row.batched else LOOP)
        else:
            strategy, run = fastest(row, [each for each in choices if rewrite.allows(each)])
        if row.compiled and rewrite not in (EVERYTHING, MACHINE_CODE):
            _compile(run, row.coords)
    return Work(lambda: run(row.coords), row.reference, error=row.error, values=values_of, note=lambda: strategy.name)


def fastest(row: Row, choices: Sequence[Rewrites]) -> tuple[Strategy, Measure]:
    """Return the fastest of some choices, each timed five times, and the evaluation by it."""
    made = [_evaluation(row, (LADDER[0] if row.batched else LOOP).traced(each)) for each in choices]
    if len(made) == 1:
        return made[0]
    return min(made, key=lambda pair: _seconds(pair[1], row.coords))


def chosen(row: Row) -> Rewrites:
    """Return the fastest choice with all rewrites."""
    found = fastest(replace(row, compiled=False), row.choices())[0].rewrites
    assert found is not None
    return found


def _evaluation(row: Row, strategy: Strategy) -> tuple[Strategy, Measure]:
    objective, wanted = row.objective(), read_quantities(row.quantities)
    each = bytes_per_point(objective, wanted, len(row.plane.basis))
    size = points_per_chunk(each, objective.device)
    measure = measure_by(strategy, objective, row.plane, wanted, size=size)
    if not row.batched:
        return strategy, measure

    def chunks(coords: Tensor) -> Fields:
        # As a sweep does: chunks, wider ones for machine code.
        points = widened(size, each) if getattr(measure, "is_compiled", False) else size
        found = [measure(chunk) for chunk in torch.split(coords, points)]
        return {name: torch.cat([fields[name] for fields in found]) for name in found[0]}

    chunks.measure = measure  # type: ignore[attr-defined]
    return strategy, chunks


def _seconds(run: Measure, coords: Tensor) -> float:
    run(coords)
    times = []
    for _ in range(5):
        began = time.perf_counter()
        run(coords)
        times.append(time.perf_counter() - began)
    return min(times)


def _compile(run: Any, coords: Tensor) -> None:
    with patch.object(background_compiler, "PAYS_AFTER", 0.0):
        until = time.perf_counter() + _WAIT
        while not run.measure.is_compiled:
            if time.perf_counter() > until:
                raise UnavailableError(f"after {_WAIT:g} s there is no machine code")
            run(coords)
            background_compiler.wait_for_compilers()


def values_of(fields: Fields) -> Floats:
    """Return losses [N], or beside them gradients [N, 1 + K]."""
    loss = fields["loss"].numpy()
    return loss if "gradient" not in fields else np.column_stack([loss, fields["gradient"].numpy()])
