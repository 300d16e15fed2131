"""Provenance: how a landscape was made, as attributes that every file format takes; and the spec that a resume must
match."""

import json
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
import torch

from explorer.numerics.rounding import uses_tf32
from explorer.objective import Objective
from explorer.quantities import BUILT_IN
from explorer.sweeps.job import Job

Attributes = dict[str, str | int | float]


def attributes(job: Job) -> Attributes:
    """Return what is known before a sweep starts; nested values as JSON text."""
    described = job.objective.describe()
    nested = {
        "labels": list(job.grid.labels),
        **_axes(job),
        "basis": job.plane.describe(),
        "data": described.get("data", {}),
        "weights": described.get("weights", {}),
        "quantities": _quantities(job),
        "source": dict(job.objective.source),
        "versions": _versions(),
    }
    if "test_data" in described:
        nested["test_data"] = described["test_data"]
    if len(job.planes) > 1:
        nested["planes"] = [plane.describe() for plane in job.planes]
    same = {name: described[name] for name in ("model", "parameters", "theta_sha256", "batchnorm")}
    flat = same | {"loss_name": described["loss"], "created": datetime.now(UTC).isoformat(timespec="seconds")}
    where = {"dtype": _name(job.objective.dtype), "device": str(job.objective.device)}
    if uses_tf32(job.objective.device):
        where["float32_products"] = "TF32"
    if job.low is not None:
        where["mixed_precision"] = _name(job.low)
    return flat | where | {name: json.dumps(value) for name, value in nested.items()}


def spec_of(job: Job) -> dict[str, Any]:
    """Return everything that decides the numbers of a landscape, but for rounding; JSON-ready.

    Device, chunk size and strategy are not in it: they change the last digits only.
    """
    return {
        **identity_of(job.objective),
        "labels": list(job.grid.labels),
        **_axes(job),
        "directions": [_words(plane.made) for plane in job.planes],
        "planes_sha256": [plane.describe()["sha256"] for plane in job.planes],
        "quantities": _quantities(job),
        "dtype": _dtype(job),
    }


def identity_of(objective: Objective) -> dict[str, Any]:
    """Return what tells an objective from every other, whatever device it is on; JSON-ready."""
    described = objective.describe()
    return {
        # Of the structure, because layers without weights, such as ReLU, are in no other part.
        **{name: described[name] for name in ("model", "structure_sha256", "parameters")},
        **{name: described[name] for name in ("theta_sha256", "rest_sha256")},
        **{name: described[name] for name in ("loss", "metrics", "batchnorm")},
        "weights": described.get("weights", {}),
        "data_sha256": described.get("data", {}).get("sha256", ""),
        "test_data_sha256": described.get("test_data", {}).get("sha256", ""),
    }


def _axes(job: Job) -> dict[str, Any]:
    axes = job.grid.axes
    return {
        "extents": {label: [axis.low, axis.high] for label, axis in axes.items()},
        "points": {label: axis.points for label, axis in axes.items()},
    }


def _quantities(job: Job) -> list[str]:
    built_in = sorted(name for name in job.wanted.names if name in BUILT_IN)
    return [*built_in, *(name for name in job.wanted.names if name not in BUILT_IN)]


def _words(made: Mapping[str, Any]) -> dict[str, Any]:
    """Return how directions were asked for, without what was measured on the way."""
    return {name: value for name, value in made.items() if name in ("kind", "seed", "normalize", "skip", "which")}


def _dtype(job: Job) -> str:
    own = _name(job.objective.dtype)
    return own if job.low is None else f"{own}, products in {_name(job.low)}"


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


@cache
def _versions() -> dict[str, str]:
    try:
        own = version("landscape-explorer")
    except PackageNotFoundError:
        own = "checkout"
    return {"explorer": own, "torch": torch.__version__, "numpy": np.__version__, "python": platform.python_version()}
