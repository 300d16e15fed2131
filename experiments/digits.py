"""Study "digits": what do slices show of a small network that has learned to read handwritten digits?

An MLP, 64 - 32 - 10 with tanh (2,410 parameters), trained by Adam on 1,297 images of 8 x 8 pixels. Three planes through
where training ended:

    random      three seeds of filter-normalized Gaussian directions (Li et al. 2018)
    hessian     the two directions of largest curvature
    trajectory  the principal directions of the path that training took, with the path

Run `python -m experiments.digits`; for other slices, `python -m explorer sweep experiments.digits:objective`.
"""

from functools import lru_cache
from pathlib import Path

import click
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

import explorer
from experiments.images import accuracy, digits
from experiments.slices import dtype_of, swept, with_source
from experiments.training import Recipe, drawn, train
from explorer.directions import gaussian, hessian, principal
from explorer.plane import Plane
from explorer.trajectory import Trajectory
from models import MODELS

EPOCHS = 30
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


def around(plane: Plane, path: Trajectory, points: int = POINTS) -> explorer.Grid:
    """Return the grid [points, points] in which a projected path lies, with a margin on every side."""
    coordinates = plane.coordinates(path.thetas)
    low, high = coordinates.amin(dim=0), coordinates.amax(dim=0)
    margin = _MARGIN * (high - low)
    spans = zip(plane.labels, (low - margin).tolist(), (high + margin).tolist(), strict=True)
    return explorer.Grid({label: (start, stop, points) for label, start, stop in spans})


@lru_cache(maxsize=8)
def _trained(seed: int, epochs: int, dtype: str) -> tuple[nn.Module, Trajectory]:
    model = drawn(lambda: MODELS["mlp"](dtype=dtype_of(dtype)), seed)
    x, y, _, _ = _data(dtype)
    return model, train(model, x, y, Recipe(torch.optim.Adam, lr=0.01, epochs=epochs, seed=seed))


def _data(dtype: str) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    split = digits()
    x, test_x = (images.flatten(1).to(dtype_of(dtype)) for images in (split.x, split.test_x))
    return x, split.y, test_x, split.test_y


@click.command()
@click.option("--out", default="runs", show_default=True, type=click.Path(path_type=Path), help="Folder of the stores.")
@click.option("--points", default=POINTS, show_default=True, type=click.IntRange(2), help="Along each axis.")
def main(out: Path, points: int) -> None:
    """Train on the digits, and write digits-random, -hessian and -trajectory.zarr."""
    out.mkdir(parents=True, exist_ok=True)
    found, path = objective(), trajectory()
    values = found.metrics(found.theta)
    print(f"loss {float(found(found.theta)):.4f}  " + "  ".join(f"{name} {float(v):.4f}" for name, v in values.items()))
    square = explorer.Grid.square(radius=1.0, points=points)
    swept(found, [gaussian(found, seed=seed) for seed in SEEDS], square, out / "digits-random.zarr")
    steepest = hessian(found)
    print("\nlargest eigenvalues of the Hessian:", *(f"{value:.4f}" for value in steepest.made["eigenvalues"]))
    swept(found, steepest, square, out / "digits-hessian.zarr", checkpoints=path)
    main_plane = principal(path)
    swept(found, main_plane, around(main_plane, path, points), out / "digits-trajectory.zarr", checkpoints=path)


if __name__ == "__main__":
    main()
