"""Study "skip connections": is the loss of a deep network rugged without shortcuts, and smooth with them?

The question of Li, Xu, Taylor, Studer and Goldstein, Visualizing the loss landscape of neural nets (NeurIPS 2018),
at a size that two processors do in minutes: their ResNet-56 with half the channels on the 8 x 8 digits. Both twins
start from the same weights and are trained alike on the same minibatches; both are looked at along directions of the
same draw, over the same window, on the same images. Shallower pairs are the control.

Run `python -m experiments.skip_connections`, then open /slice?store=skip-plain.zarr&with=skip-residual.zarr.
"""

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Literal

import click
import torch
from torch import nn
from torch.nn.functional import cross_entropy

import explorer
from experiments.images import accuracy, digits
from experiments.ruggedness import Ruggedness, ruggedness
from experiments.slices import swept, with_source
from experiments.training import Recipe, drawn, kept, train
from explorer.directions import gaussian
from models import MODELS

BatchNorm = Literal["eval", "recompute"]

DEPTH = 56
DEPTHS = (20, 32, 44, 56)
"""Of the table."""
EPOCHS = 30
IMAGES = 256
"""Of the training images, those that a slice is measured on."""
RADIUS = 0.5
POINTS = 51
TRAINING_SEEDS = (0, 1)
DIRECTION_SEEDS = (0, 1, 2)
CHECKPOINTS = Path("runs/checkpoints")
_FACTORY = "experiments.skip_connections:objective"


def objective(
    skip: bool = True,
    seed: int = 0,
    depth: int = DEPTH,
    epochs: int = EPOCHS,
    images: int = IMAGES,
    batchnorm: BatchNorm = "eval",
) -> explorer.Objective:
    """Return the cross-entropy of a trained twin on the first `images` training images, with its accuracy; float32.

    The first call trains, which takes seconds, and keeps the weights in runs/checkpoints; the same arguments give the
    same bits.
    """
    data = digits()
    made = explorer.Objective(
        trained(skip, seed, depth, epochs),
        cross_entropy,
        (data.x[:images], data.y[:images]),
        metrics={"accuracy": accuracy},
        batchnorm=batchnorm,
    )
    chosen = {"skip": skip, "seed": seed, "depth": depth, "epochs": epochs, "images": images, "batchnorm": batchnorm}
    return with_source(made, _FACTORY, **chosen)


@lru_cache(maxsize=16)
def trained(skip: bool, seed: int, depth: int, epochs: int) -> nn.Module:
    """Return a twin after training on all images, in eval mode; `seed` draws its weights and orders the images."""
    options = (("momentum", 0.9), ("weight_decay", 5e-4))
    recipe = Recipe(torch.optim.SGD, lr=0.1, epochs=epochs, options=options, seed=seed, every=epochs)
    model, data = start(skip, seed, depth), digits()
    # Another recipe or another torch trains another network.
    key = hashlib.sha256(f"{recipe} {torch.__version__}".encode()).hexdigest()[:8]
    path = CHECKPOINTS / f"skip-{_twin(skip)}-{depth}-seed{seed}-{key}.safetensors"
    return kept(model, path, lambda: train(model, data.x, data.y, recipe))


def start(skip: bool, seed: int, depth: int) -> nn.Module:
    """Return a twin before training: with and without shortcuts the same weights."""
    return drawn(lambda: MODELS["residual"](depth=depth, skip=skip), seed)


@torch.no_grad()
def outcome(skip: bool, seed: int, depth: int, epochs: int) -> dict[str, float]:
    """Return how training ended: "loss" and "accuracy" on all training images, "test_accuracy" on the others."""
    model, data = trained(skip, seed, depth, epochs), digits()
    scores, test_scores = model(data.x), model(data.test_x)
    found = {"loss": cross_entropy(scores, data.y), "accuracy": accuracy(scores, data.y)}
    found["test_accuracy"] = accuracy(test_scores, data.test_y)
    return {name: float(value) for name, value in found.items()}


HEADER = """For each seed of directions: median loss at the window's edge; local minima on the grid; the share of points
where the slice bends down, by second differences on the grid, and the first also by the Hessian (no kinks).
depth  twin      seed    loss  accuracy   test  | edge loss                  | minima  | bends down     | at points"""


def row(twin: str, seed: int, depth: int, end: Mapping[str, float], found: Ruggedness) -> str:
    """Return a line under HEADER: how training ended (`end`: `outcome`), and what each seed of directions shows."""
    ended = f"{end['loss']:7.2g}  {end['accuracy']:8.3f}  {end['test_accuracy']:5.3f}"
    edges = " ".join(f"{value:8.3g}" for value in found.edge_loss)
    minima = " ".join(f"{value:2d}" for value in found.local_minima)
    down = " ".join(f"{value:.2f}" for value in found.negative)
    return f"{depth:5d}  {twin:8}  {seed:4d} {ended}  | {edges} | {minima} | {down} | {found.negative_at_points:.2f}"


@click.command()
@click.option("--out", default="runs", show_default=True, type=click.Path(path_type=Path), help="Folder of the stores.")
@click.option("--batchnorm", default="eval", show_default=True, type=click.Choice(["eval", "recompute"]))
@click.option("--points", default=POINTS, show_default=True, type=click.IntRange(3), help="Along each axis.")
@click.option("--epochs", default=EPOCHS, show_default=True, type=click.IntRange(1), help="Of training.")
@click.option(
    "--images", default=IMAGES, show_default=True, type=click.IntRange(2), help="That slices are measured on."
)
def main(out: Path, batchnorm: BatchNorm, points: int, epochs: int, images: int) -> None:
    """Train the twins, write skip-plain and skip-residual.zarr, and print how rugged slices of them are."""
    out.mkdir(parents=True, exist_ok=True)
    ending = "" if batchnorm == "eval" else f"-{batchnorm}"
    grid = explorer.Grid.square(RADIUS, points)
    for skip in (False, True):
        found = objective(skip, 0, DEPTH, epochs, images, batchnorm)
        swept(found, gaussian(found), grid, out / f"skip-{_twin(skip)}{ending}.zarr", quantities=("loss",))
    print("\n" + HEADER)
    for depth, skip, seed in product(DEPTHS, (False, True), TRAINING_SEEDS):
        found = objective(skip, seed, depth, epochs, images, batchnorm)
        end = outcome(skip, seed, depth, epochs)
        print(row(_twin(skip), seed, depth, end, ruggedness(found, DIRECTION_SEEDS, RADIUS)), flush=True)


def _twin(skip: bool) -> str:
    return "residual" if skip else "plain"


if __name__ == "__main__":
    main()
