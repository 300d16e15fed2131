"""Study "digits": what do slices show of a small network that has learned to read handwritten digits?

An MLP, 64 - 32 - 10 with tanh (2,410 parameters), trained by Adam on 1,297 images of 8 x 8 pixels. Planes through where
training ended:

    random      three seeds of filter-normalized Gaussian directions (Li et al. 2018)
    hessian     the two directions of largest curvature
    trajectory  the principal directions of the path that training took, with the path
    runs        those of three trainings from one start: by Adam, by Adam in small batches, by SGD with momentum

and along, the plane of the trajectory moved to some of the checkpoints.

Run `python -m experiments.digits`; for other slices, `python -m explorer sweep experiments.digits:objective`. With
`--record FOLDER` it only trains, recorded by `explorer.record`.
"""

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import click
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

import explorer
from experiments.images import accuracy, digits
from experiments.slices import SLOPES, dtype_of, swept, with_source
from experiments.training import Recipe, drawn, train
from explorer.checkpoints.trajectory import Trajectory
from explorer.directions import along, gaussian, hessian, principal
from explorer.plane import Plane
from models import MODELS

EPOCHS = 30
RUNS = {
    "adam": Recipe(torch.optim.Adam, lr=0.01, epochs=EPOCHS),
    "adam-small-batches": Recipe(torch.optim.Adam, lr=0.003, epochs=EPOCHS, batch=16),
    "momentum": Recipe(torch.optim.SGD, lr=0.1, epochs=EPOCHS, options=(("momentum", 0.9),)),
}
"""Trainings from one start; the first is the one of `objective`."""
MOVED, MOVED_POINTS = 7, 31
"""Checkpoints that the plane is moved to, and points along the axes there at most."""
POINTS = 51
SEEDS = (0, 1, 2)
_FACTORY = "experiments.digits:objective"
_MARGIN = 0.15


def objective(seed: int = 0, epochs: int = EPOCHS, dtype: str = "float64") -> explorer.Objective:
    """Return the cross-entropy on all training images of the network trained from `seed`; theta [2410].

    Metrics: accuracy, and loss and accuracy on the test images. The same arguments give the same bits.
    """
    model, _ = _trained(seed, epochs, dtype)
    x, y, test_x, test_y = _data(dtype)
    made = explorer.Objective(model, cross_entropy, (x, y), metrics={"accuracy": accuracy}, test_data=(test_x, test_y))
    return with_source(made, _FACTORY, seed=seed, epochs=epochs, dtype=dtype)


def trajectory(seed: int = 0, epochs: int = EPOCHS, dtype: str = "float64") -> Trajectory:
    """Return the path of that training, a theta each epoch [epochs + 1, 2410]; the last is objective(...).theta."""
    return _trained(seed, epochs, dtype)[1]


def run(name: str) -> Trajectory:
    """Return the path of one of RUNS, a theta each epoch; all begin at the same theta, in float64."""
    return _run(replace(RUNS[name], seed=0), "float64")[1]


def record(name: str, folder: Path, every: int) -> None:
    """Train as one of RUNS does, and record it."""
    model = _start(0, "float64")
    x, y, _, _ = _data("float64")
    with explorer.record(model, folder, every) as recorder:
        train(model, x, y, RUNS[name], at_step=recorder.step)


def around(plane: Plane, *paths: Trajectory, points: int = POINTS) -> explorer.Grid:
    """Return the grid [points, points] in which projected paths lie, with a margin on every side."""
    coordinates = torch.cat([plane.coordinates(path.thetas) for path in paths])
    low, high = coordinates.amin(dim=0), coordinates.amax(dim=0)
    margin = _MARGIN * (high - low)
    spans = zip(plane.labels, (low - margin).tolist(), (high + margin).tolist(), strict=True)
    return explorer.Grid({label: (start, stop, points) for label, start, stop in spans})


def _trained(seed: int, epochs: int, dtype: str) -> tuple[nn.Module, Trajectory]:
    return _run(replace(RUNS["adam"], epochs=epochs, seed=seed), dtype)


@lru_cache(maxsize=8)
def _run(recipe: Recipe, dtype: str) -> tuple[nn.Module, Trajectory]:
    """The seed is that of the weights, too."""
    model = _start(recipe.seed, dtype)
    x, y, _, _ = _data(dtype)
    return model, train(model, x, y, recipe)


def _start(seed: int, dtype: str) -> nn.Module:
    return drawn(lambda: MODELS["mlp"](dtype=dtype_of(dtype)), seed)


def _data(dtype: str) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    split = digits()
    x, test_x = (images.flatten(1).to(dtype_of(dtype)) for images in (split.x, split.test_x))
    return x, split.y, test_x, split.test_y


@click.command()
@click.option("--out", default="runs", show_default=True, type=click.Path(path_type=Path), help="Folder of the stores.")
@click.option("--points", default=POINTS, show_default=True, type=click.IntRange(2), help="Along each axis.")
@click.option("--record", "folder", type=click.Path(path_type=Path), help="Only train, recorded to this folder.")
@click.option("--run", "name", default="adam", show_default=True, type=click.Choice(list(RUNS)), help="To record.")
@click.option("--every", default=10, show_default=True, type=click.IntRange(1), help="Steps between recorded ones.")
def main(out: Path, points: int, folder: Path | None, name: str, every: int) -> None:
    """Train on the digits, and write digits-random, -hessian, -trajectory, -runs and -along-....zarr."""
    if folder is not None:
        return _record(name, folder, every)
    out.mkdir(parents=True, exist_ok=True)
    found = objective()
    values = found.metrics(found.theta)
    print(f"loss {float(found(found.theta)):.4f}  " + "  ".join(f"{name} {float(v):.4f}" for name, v in values.items()))
    _around_the_end(found, out, points)
    _along_the_path(found, out, points)
    return None


def _around_the_end(found: explorer.Objective, out: Path, points: int) -> None:
    """Sweep the planes that random and Hessian directions span."""
    square = explorer.Grid.square(radius=1.0, points=points)
    swept(found, [gaussian(found, seed=seed) for seed in SEEDS], square, out / "digits-random.zarr", quantities=SLOPES)
    steepest = hessian(found)
    print("\nlargest eigenvalues of the Hessian:", *(f"{value:.4f}" for value in steepest.made["eigenvalues"]))
    swept(found, steepest, square, out / "digits-hessian.zarr", checkpoints=trajectory(), quantities=SLOPES)


def _along_the_path(found: explorer.Objective, out: Path, points: int) -> None:
    """Sweep the plane of the path, the same moved along it, and the plane of three paths."""
    path = trajectory()
    plane = principal(path)
    shown = {"checkpoints": path, "quantities": SLOPES}
    swept(found, plane, around(plane, path, points=points), out / "digits-trajectory.zarr", **shown)
    moved, frame = along(plane, path), around(plane, path, points=min(points, MOVED_POINTS))
    for number in torch.linspace(0, len(path) - 1, MOVED).round().long().tolist():
        store = out / f"digits-along-{int(path.steps[number]):03d}.zarr"
        swept(found, moved[number], frame, store, checkpoints=path, quantities=("loss",))
    runs = {name: run(name) for name in RUNS}
    shared = principal(runs)
    shown = {"checkpoints": runs, "quantities": SLOPES}
    swept(found, shared, around(shared, *runs.values(), points=points), out / "digits-runs.zarr", **shown)


def _record(name: str, folder: Path, every: int) -> None:
    try:
        record(name, folder, every)
    except explorer.CheckpointError as error:
        raise click.ClickException(str(error)) from None
    path = explorer.open_trajectory(folder)
    print(f"{folder}: {len(path)} of {int(path.steps[-1])} steps. Draw it:")
    print(f"python -m explorer sweep {_FACTORY} --directions principal --trajectory {folder} --out runs/path.zarr")


if __name__ == "__main__":
    main()
