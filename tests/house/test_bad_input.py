"""Whatever is given to a public function: an answer, or a sentence of our own; never an error from deep inside."""

import traceback
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import explorer
from explorer import Grid, Objective, Plane, checkpoints, descent, directions, exports, figures
from explorer.checkpoints.trajectory import Trajectory
from explorer.errors import ExplorerError
from explorer.sweeps import estimate

HOME = str(Path(explorer.__file__).parent)
ODD: Mapping[str, Any] = {
    "None": None, "a text": "x", "an empty text": "", "a number": 1.5, "a whole number": 7, "below zero": -1,
    "NaN": float("nan"), "infinity": float("inf"), "True": True, "a long number": 2**70, "a complex number": 1j,
    "a list": [], "texts": ["x", "y"], "a dict": {"x": 1}, "an array": np.zeros(3), "a tensor": torch.zeros(3),
    "NaN tensor": torch.full((3,), float("nan")), "a function": lambda *given: None, "an object": object(),
    "NUL": "a\0b", "a long text": "a" * 300, "bytes": b"x", "a type": int,
    "whole numbers": torch.zeros(3, dtype=torch.int64),
}  # fmt: skip


def model() -> nn.Module:
    torch.manual_seed(0)
    return nn.Linear(2, 1).double()


X = torch.tensor([[1, 0], [0, 1], [1, 1], [2, -1]], dtype=torch.float64)
DATA = (X, X.sum(1, keepdim=True))
BEST = torch.tensor([1, 1, 0], dtype=torch.float64)
"""The theta that fits them."""


def objective() -> Objective:
    return Objective(model(), nn.MSELoss(), DATA)


class Case:
    """A public function with arguments that it takes, by name."""

    def __init__(self, function: Callable[..., Any], **right: Any) -> None:
        self.function, self.right = function, right


def cases(folder: Path) -> dict[str, Case]:
    own = objective()
    plane = directions.gaussian(own)
    grid = Grid.square(points=3)
    landscape = explorer.sweep(own, plane, grid, quantities=("loss", "gradient"), report=False)
    tree = explorer.topology(landscape)
    trajectory = Trajectory.of(torch.stack([own.theta, own.theta + 1, own.theta - torch.arange(3)]))
    other = own.theta + torch.arange(3)
    recording = folder / "recording"
    with explorer.record(model(), recording):
        pass
    checkpoint = folder / "own.safetensors"
    checkpoints.write_checkpoint(model(), checkpoint)
    return {
        "Objective": Case(Objective, model=model(), loss=nn.MSELoss(), data=DATA, count=None, terms=None, weights=None,
                          metrics=None, parameters=None, batchnorm="eval", test_data=None, batch_loss=None),
        "Objective()": Case(lambda theta: own(theta), theta=own.theta),
        "Objective.to": Case(own.to, device="cpu", dtype=torch.float32),
        "Grid": Case(Grid, axes={"w": (-1, 1, 3)}),
        "Grid-axis": Case(lambda low, high, points: Grid({"w": (low, high, points)}), low=-1, high=1, points=3),
        "Grid.square": Case(Grid.square, radius=1.0, points=3, labels=("a", "b")),
        "Plane": Case(Plane, origin=plane.origin, basis=plane.basis, labels=("a", "b"), made={"kind": "mine"}),
        "sweep": Case(explorer.sweep, objective=own, plane=plane, grid=grid, quantities=("loss",), store=None,
                      device=None, dtype=None, chunk_size=None, checkpoints=None, tolerance=None, executor=None,
                      progress=False, report=False),
        "estimate": Case(estimate, objective=own, plane=plane, grid=grid, quantities=("loss",), device=None,
                         dtype=None),
        "open_landscape": Case(explorer.open_landscape, path=folder / "nothing.zarr"),
        "report": Case(explorer.report, landscape=landscape),
        "descend": Case(explorer.descend, objective=own, start=own.theta, optimizer="gd", lr=0.1, steps=3,
                        scheduler=None, batch_size=None, seed=0, tolerance=0.0),
        "influence": Case(descent.influence, objective=own, theta=BEST, tolerance=1e-4),
        "limits": Case(descent.limits, objective=own, theta=own.theta),
        "record": Case(explorer.record, model=model(), to=folder / "new", every=1, resume=False, optimizer=None,
                       watch=None),
        "open_trajectory": Case(explorer.open_trajectory, folder=recording),
        "read_checkpoint": Case(checkpoints.read_checkpoint, objective=own, source=checkpoint, key=None),
        "read_trajectory": Case(checkpoints.read_trajectory, objective=own, where=[checkpoint]),
        "write_checkpoint": Case(checkpoints.write_checkpoint, weights=model(), path=folder / "again.safetensors"),
        "gaussian": Case(directions.gaussian, objective=own, count=2, seed=0, normalize="filter", skip=()),
        "hessian": Case(directions.hessian, objective=own, count=2, which="largest", seed=0),
        "between": Case(directions.between, a=own.theta, b=other, objective=None, key=None),
        "through": Case(directions.through, a=own.theta, b=other, c=own.theta - 1, objective=None, key=None),
        "along": Case(directions.along, plane=plane, trajectory=trajectory),
        "principal": Case(directions.principal, trajectory=trajectory),
        "axes": Case(lambda entry: directions.axes(own, entry, "bias"), entry="weight[0,0]"),
        "contour": Case(figures.contour, landscape=landscape, quantity="loss"),
        "heatmap": Case(figures.heatmap, landscape=landscape, quantity="loss"),
        "surface": Case(figures.surface, landscape=landscape, quantity="loss"),
        "topology": Case(explorer.topology, landscape=landscape, quantity="loss", error=0.0, refine=own, plane=plane),
        "minima": Case(figures.minima, landscape=landscape, topology=tree, scale="auto"),
        "merge_tree": Case(figures.merge_tree, topology=tree, scale="auto", most=9),
        "barcode": Case(figures.barcode, topology=tree, scale="auto", most=9),
        "export": Case(exports.export, landscape=landscape, path=folder / "x.csv"),
        "widget": Case(explorer.widget, shown=landscape, plane=None, quantity="loss"),
    }  # fmt: skip


NAMES = [
    *("Objective", "Objective()", "Objective.to", "Grid", "Grid-axis", "Grid.square", "Plane", "sweep", "estimate"),
    *("open_landscape", "report", "descend", "influence", "limits", "record", "open_trajectory", "read_checkpoint"),
    *("read_trajectory", "write_checkpoint", "gaussian", "hessian", "between", "through", "along", "principal", "axes"),
    *("contour", "heatmap", "surface", "topology", "minima", "merge_tree", "barcode"),
    *("export", "widget"),
]


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Case]:
    return cases(tmp_path_factory.mktemp("input"))


def is_our_own(error: Exception) -> bool:
    """Whether an error was raised by a line of ours, or Python itself says that a call does not fit our function."""
    if isinstance(error, ExplorerError):
        return True
    frames = traceback.extract_tb(error.__traceback__)
    return isinstance(error, (ValueError, TypeError)) and frames[-1].filename.startswith(HOME)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", NAMES)
def test_no_argument_of_another_kind_fails_deep_inside(
    given: dict[str, Case], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whatever is taken for a path.
    monkeypatch.chdir(tmp_path)
    case, wrong = given[name], []
    for argument in case.right:
        for kind, value in ODD.items():
            if (argument, kind) == ("steps", "a long number"):
                # It takes them all.
                continue
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    case.function(**(case.right | {argument: value}))
            except Exception as error:
                if not is_our_own(error):
                    wrong.append(f"{argument} = {kind}: {error!r:.150}")
    assert not wrong, "\n".join(wrong)


def test_all_cases_are_named(given: dict[str, Case]) -> None:
    assert set(given) == set(NAMES)
    for name, case in given.items():
        if name != "open_landscape":
            case.function(**case.right)
