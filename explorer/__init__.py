"""Loss landscapes: a quantity of theta, measured over a plane in parameter space."""

from importlib import import_module
from typing import Any

from explorer import directions
from explorer.checklist import report
from explorer.checkpoints import open_trajectory, record
from explorer.checkpoints.trajectory import Trajectory
from explorer.descent import basins, descend
from explorer.errors import CheckpointError, ExplorerError, ObjectiveError, StateError, StoreError
from explorer.grid import Grid
from explorer.merge_trees import topology
from explorer.objective import Objective
from explorer.plane import Plane
from explorer.store import open_landscape
from explorer.study import Activity, Minima, Minimum, Study, TargetSet, Verdict, Visit
from explorer.sweeps import sweep

__all__ = [  # noqa: RUF022  grouped by subject
    # what is measured, where
    "Objective",
    "integrations",
    "Plane",
    "Grid",
    "directions",
    # the landscape, and its drawings
    "sweep",
    "open_landscape",
    "report",
    "figures",
    "widget",
    # what a slice does not show by itself
    "topology",
    # the way that training takes
    "descend",
    "basins",
    "record",
    "open_trajectory",
    "Trajectory",
    # what a page shows
    "Study",
    "TargetSet",
    "Minimum",
    "Minima",
    "Activity",
    "Visit",
    "Verdict",
    # errors
    "ExplorerError",
    "ObjectiveError",
    "StateError",
    "StoreError",
    "CheckpointError",
]


def __getattr__(name: str) -> Any:
    """Import `explorer.figures`, and with it plotly, and what else is not needed for a sweep, when it is first used."""
    if name in ("figures", "integrations", "watch"):
        return import_module(f"explorer.{name}")
    if name == "widget":
        return import_module("explorer.notebook").widget
    raise AttributeError(f"module 'explorer' has no attribute {name!r}")
