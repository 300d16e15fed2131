"""Reproduce: the words that make a store again, from its attributes. Everything in these is quoted: it is data."""

import json
import re
import shlex
from collections.abc import Mapping
from typing import Any

from explorer.landscape import Attrs, as_number, basis_of, nested, planes_of

_MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
DIRECTIONS = ("gaussian", "hessian")
"""Kinds of planes that need no more than the objective and words."""
DTYPES = ("float16", "bfloat16", "float32", "float64")


def command(attrs: Attrs, name: str) -> str:
    """Return the command line, or "" where words alone cannot say it: no factory, other directions, other extents."""
    source, made = _source(attrs), basis_of(attrs).made
    radius = _radius(attrs)
    points = nested(attrs, "points", dict[str, int])
    if source is None or made.get("kind") not in DIRECTIONS or radius is None or not points:
        return ""
    module, function, kwargs = source
    options = {
        "points": "x".join(str(each) for each in points.values()),
        "radius": radius,
        "directions": made["kind"],
        "count": len(points) if len(points) == 1 else None,
        "seed": ",".join(map(str, _seeds(attrs))) or None,
        **(_drawn(made) if made["kind"] == "gaussian" else {}),
        "batchnorm": "recompute" if _is_recomputed(attrs) else None,
        "quantities": ",".join(nested(attrs, "quantities", list[str])) or None,
        "dtype": _dtype(attrs),
        "tolerance": _tolerance(attrs),
    }
    words = ["python", "-m", "explorer", "sweep", f"{module}:{function}"]
    words += [word for key, value in options.items() if value is not None for word in (f"--{key}", str(value))]
    words += [word for key, value in kwargs.items() for word in ("--set", f"{key}={json.dumps(value)}")]
    return shlex.join([*words, "--out", f"runs/{name}"])


def _drawn(made: Mapping[str, Any]) -> dict[str, str]:
    """Return how random directions were drawn, in the command line's words."""
    skip = made.get("skip", ["bias", "norm"])
    skipped = ",".join(map(str, skip)) if isinstance(skip, list) and skip else "none"
    return {"normalize": str(made.get("normalize") or "none"), "skip": skipped}


def program(attrs: Attrs, name: str) -> str:
    """Return a Python program; where the store does not tell a part, a comment says what belongs there."""
    source = _source(attrs)
    imports, made = ["import explorer"], "objective = ...  # an explorer.Objective: the store does not say which"
    if source is not None:
        module, function, kwargs = source
        imports.append(f"from {module} import {function}")
        made = f"objective = {function}({', '.join(f'{key}={value!r}' for key, value in kwargs.items())})"
        made += ".with_recomputed_batchnorm()" if _is_recomputed(attrs) else ""
    quantities = tuple(nested(attrs, "quantities", list[str]))
    chosen = f", quantities={quantities!r}" if quantities else ""
    if _dtype(attrs) in DTYPES:
        imports.insert(0, "import torch")
        chosen += f", dtype=torch.{_dtype(attrs)}"
    if _tolerance(attrs) is not None:
        chosen += f", tolerance={_tolerance(attrs)!r}"
    plane, store = _plane(attrs), f"runs/{name}"
    if not plane:
        imports.append("from explorer.sweeps.resume import planes_of")
        several = len(planes_of(attrs)) > 1
        plane, store = f"planes_of({store!r}){'' if several else '[0]'}  # as they are in this store", f"{store}.again"
    return "\n".join([
        *imports, "", made,
        f"plane = {plane}",
        f"grid = explorer.Grid({_axes(attrs)!r})",
        f"landscape = explorer.sweep(objective, plane, grid{chosen}, store={store!r})",
    ])  # fmt: skip


def _dtype(attrs: Attrs) -> Any:
    """Return the dtype that was asked for."""
    return attrs.get("mixed_precision", attrs.get("dtype"))


def _plane(attrs: Attrs) -> str:
    """Return the words that span the planes anew; "" where there are none."""
    made = basis_of(attrs).made
    labels = nested(attrs, "labels", list[str])
    if made.get("kind") == "axes":
        return f"explorer.directions.axes(objective, {', '.join(map(repr, labels))})"
    if made.get("kind") not in DIRECTIONS:
        return ""
    seeds = _seeds(attrs)
    names = ("normalize", "skip") if made["kind"] == "gaussian" else ("which",)
    words = [f"{key}={_tupled(made[key])!r}" for key in names if key in made]
    seed = [f"seed={repr(seeds[0]) if len(seeds) == 1 else 'seed'}"] if seeds else []
    words = [f"count={len(labels)}", *seed, *words]
    one = f"explorer.directions.{made['kind']}(objective, {', '.join(words)})"
    return f"[{one} for seed in {tuple(seeds)!r}]" if len(seeds) > 1 else one


def _seeds(attrs: Attrs) -> list[Any]:
    """Return the seeds of the planes, as many as there are planes; none where they have none."""
    planes = planes_of(attrs)
    seeds = [each.made["seed"] for each in planes if "seed" in each.made]
    return seeds if len(seeds) == len(planes) else []


def _tolerance(attrs: Attrs) -> float | None:
    """Return the error that was allowed to interpolated points; None where every point was to be evaluated."""
    tolerance = as_number(attrs.get("tolerance"))
    return tolerance if tolerance is not None and 0 < tolerance < 1 else None


def _tupled(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _axes(attrs: Attrs) -> dict[str, tuple[float, float, int]]:
    extents, points = nested(attrs, "extents", dict[str, list[float]]), nested(attrs, "points", dict[str, int])
    whole = {label: extent for label, extent in extents.items() if len(extent) == 2 and label in points}
    return {label: (low, high, points[label]) for label, (low, high) in whole.items()}


def _radius(attrs: Attrs) -> float | None:
    """Return r where every axis goes from -r to r."""
    extents = [(low, high) for low, high, _ in _axes(attrs).values()]
    radius = extents[0][1] if extents else None
    return radius if radius is not None and all(each == (-radius, radius) for each in extents) else None


def _is_recomputed(attrs: Attrs) -> bool:
    """Return whether that was said on the command line; a factory may say it as well."""
    return nested(attrs, "source", dict).get("batchnorm") == "recompute"


def _source(attrs: Attrs) -> tuple[str, str, dict[str, Any]] | None:
    source = nested(attrs, "source", dict)
    module, _, function = str(source.get("factory", "")).partition(":")
    kwargs = source.get("kwargs", {})
    if not _MODULE.fullmatch(module) or not _NAME.fullmatch(function) or not isinstance(kwargs, dict):
        return None
    return (module, function, kwargs) if all(_NAME.fullmatch(key) for key in kwargs) else None
