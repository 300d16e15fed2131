"""Words of an objective: the factory that makes it, and what it must be when it is made again."""

import importlib
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch

from explorer.errors import WorkerError
from explorer.objective import Objective, remade
from explorer.store.spec import canonical, differences
from explorer.sweeps.provenance import identity_of

_HELD = 2
"""Objectives that a process keeps: two sweeps may share their workers."""


@dataclass(frozen=True)
class ObjectiveWords:
    """An objective by name: a few hundred bytes, whatever its parameters and data take."""

    source: str
    """JSON: {"factory": "module:function", "kwargs": {...}}."""
    dtype: torch.dtype
    identity: str
    """JSON: hashes of theta, structure, data and the rest; see `identity_of`."""


def words_of(objective: Objective) -> ObjectiveWords:
    """Return the words of an objective that has a source.

    Raises:
        ValueError: its keywords are not JSON-ready.
    """
    try:
        source = canonical(dict(objective.source))
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"expected an objective's source as JSON-ready values; got {objective.source}: {error}"
        ) from error
    return ObjectiveWords(source, objective.dtype, canonical(identity_of(objective)))


@lru_cache(maxsize=_HELD)
def made_by(words: ObjectiveWords, device: torch.device) -> Objective:
    """Return the objective that the words' factory makes, on a device; made once a process.

    Raises:
        WorkerError: the factory is not there, raises, or makes another objective than the driver has.
    """
    source: dict[str, Any] = json.loads(words.source)
    where = str(source.get("factory"))
    try:
        objective = _function(where)(**source.get("kwargs", {}))
    # The user's own code may raise anything, and a script may end itself.
    except (Exception, SystemExit) as error:
        raise WorkerError(
            f"expected to make the objective by {where}; it raised {type(error).__name__}: {error}: a worker needs the "
            "same files as the driver, in its working directory or installed"
        ) from error
    if not isinstance(objective, Objective):
        raise WorkerError(f"expected {where} to return an explorer.Objective; got {type(objective).__name__}")
    objective = remade(objective, source).to(device=device, dtype=words.dtype)
    lines = list(differences(json.loads(words.identity), identity_of(objective)))
    if lines:
        raise WorkerError(
            f"expected {where} to make the objective that the driver has; it makes another here: "
            f"{_told(lines)}: a worker needs the same code, weights and data as the driver"
        )
    return objective


def _function(where: str) -> Callable[..., Any]:
    module, _, name = where.partition(":")
    # As the command line finds it.
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    function: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return function


def _told(lines: list[str]) -> str:
    return "; ".join(line.replace("the store has", "the driver has").replace("asked for", "here") for line in lines)
