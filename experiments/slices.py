"""A study's slice: swept into a store, and its report told."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import torch
import xarray as xr

import explorer
from explorer.plane import Plane

SLOPES = ("loss", "gradient")
"""What a page needs to draw the gradient while a point is moved."""
DTYPES = {"float32": torch.float32, "float64": torch.float64}
"""As the command line writes them."""


def dtype_of(name: str) -> torch.dtype:
    """Return the dtype of a name, "float32" or "float64". Raises ValueError for others."""
    if name not in DTYPES:
        raise ValueError(f"expected a dtype among {', '.join(DTYPES)}; got {name!r}")
    return DTYPES[name]


def with_source(objective: explorer.Objective, factory: str, **kwargs: Any) -> explorer.Objective:
    """Note in an objective how to make it again, so that a page can ask it for exact values; return it."""
    objective.source = {"factory": factory, "kwargs": kwargs}
    return objective


def swept(
    objective: explorer.Objective,
    plane: Plane | Sequence[Plane],
    grid: explorer.Grid,
    store: Path,
    **options: Any,
) -> xr.Dataset:
    """Sweep into a store (`options` as for `explorer.sweep`), print how long it took and its report, and return it.

    A store that is there already is continued, or returned at once if it is finished.

    Raises:
        ClickException: the store holds another sweep, or cannot be written.
    """
    began = time.perf_counter()
    try:
        landscape = explorer.sweep(objective, plane, grid, store=store, **options)
    except explorer.StoreError as error:
        raise click.ClickException(str(error)) from None
    print(f"\n{store}: {landscape['loss'].size:,} points, {time.perf_counter() - began:.0f} s")
    print(explorer.report(landscape))
    return landscape
