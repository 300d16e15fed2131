"""A program that fills a store: says `ready`, waits for a line, then appends a piece and says its number, and so on.

Run by its path, with the store's as argument. It takes explorer's packages without running their `__init__`, which
import torch, and does without xarray, which a writer does not use: a kill is to hit the writing, not the importing.
"""

import sys
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]

if __name__ == "__main__":
    for package in ("explorer",):
        module = types.ModuleType(package)
        module.__path__ = [str(ROOT / package.replace(".", "/"))]
        sys.modules[package] = module
    sys.modules["xarray"] = types.ModuleType("xarray")
    sys.modules["xarray"].Dataset = sys.modules["xarray"].DataArray = object  # type: ignore[attr-defined]

import numpy as np  # noqa: E402

from explorer.store import FieldSpec, Store  # noqa: E402

ALPHA, BETA = np.linspace(-1.0, 1.0, 33), np.linspace(0.0, 2.0, 29)
POINTS = len(ALPHA) * len(BETA)
CHUNK = 7
PIECES = -(-POINTS // CHUNK)
ORDER = np.random.default_rng(0).permutation(POINTS)
EVALUATED = 1
SPEC = {"what": "a store to be killed", "grid": {"alpha": [-1, 1, 33], "beta": [0, 2, 29]}}


def make(path: Path) -> Store:
    """Return an empty store for 137 pieces, the last one shorter."""
    return Store.create(
        path,
        spec=SPEC,
        attrs={"labels": '["alpha", "beta"]'},
        dims={"alpha": ALPHA, "beta": BETA},
        fields={
            "loss": FieldSpec("float64"),
            "gradient": FieldSpec("float32", {"direction": ["alpha", "beta"]}),
            "steps": FieldSpec("int64"),
        },
        chunk=CHUNK,
        tensors={"origin": np.arange(5.0), "basis": np.ones((2, 5))},
    )


def piece(number: int) -> np.ndarray[Any, Any]:
    """Return the positions that are written together, in an order that no grid has."""
    return ORDER[number * CHUNK : (number + 1) * CHUNK]


def values(positions: np.ndarray[Any, Any]) -> Mapping[str, np.ndarray[Any, Any]]:
    """Return what belongs at flat positions [n]; every seventh loss is NaN, as a diverged one would be."""
    loss = np.where(positions % 7 == 3, np.nan, np.sqrt(positions + 0.5))
    return {"loss": loss, "gradient": np.stack([loss, -loss], axis=1).astype("float32"), "steps": positions + 1}


def fill(path: Path) -> None:
    """Append every piece that is not there, and say so when it is; some fail at first."""
    store = Store.open(path, write=True) if path.exists() else make(path)
    there = np.zeros(POINTS, dtype=bool)
    for number in range(PIECES):
        for chunk in store.news():
            there[chunk.positions[chunk.status == EVALUATED]] = True
        if not there[piece(number)].all():
            if number % 10 == 0:
                store.fail(piece(number), "at first")
            store.append(piece(number), values(piece(number)))
            print(number, flush=True)


if __name__ == "__main__":
    print("ready", flush=True)
    sys.stdin.readline()
    fill(Path(sys.argv[1]))
