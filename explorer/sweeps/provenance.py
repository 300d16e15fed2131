"""Provenance: how a landscape was made, as attributes that every file format takes."""

import json
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
import torch

from explorer.grid import Grid
from explorer.objective import Objective
from explorer.plane import Plane


def attributes(objective: Objective, plane: Plane, grid: Grid) -> dict[str, str | int | float]:
    """Return what is known before a sweep starts; nested values as JSON text."""
    described = objective.describe()
    nested = {
        "labels": list(grid.labels),
        "extents": {label: [axis.low, axis.high] for label, axis in grid.axes.items()},
        "points": {label: axis.points for label, axis in grid.axes.items()},
        "basis": plane.describe(),
        "data": described.get("data", {}),
        "weights": described.get("weights", {}),
        "versions": _versions(),
    }
    same = {name: described[name] for name in ("model", "parameters", "theta_sha256")}
    flat = same | {"loss_name": described["loss"]}
    where = {"dtype": str(objective.dtype).removeprefix("torch."), "device": str(objective.device)}
    return flat | where | {name: json.dumps(value) for name, value in nested.items()}


def count_nonfinite(fields: dict[str, np.ndarray[Any, Any]]) -> str:
    """Return, as JSON text, how many entries of each field are NaN or infinite."""
    return json.dumps({name: int(field.size - np.isfinite(field).sum()) for name, field in fields.items()})


@cache
def _versions() -> dict[str, str]:
    try:
        own = version("landscape-explorer")
    except PackageNotFoundError:
        own = "checkout"
    return {"explorer": own, "torch": torch.__version__, "numpy": np.__version__, "python": platform.python_version()}
