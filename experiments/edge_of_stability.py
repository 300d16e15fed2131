"""Study "edge_of_stability": is 2 / lambda_max at the start the largest rate that gradient descent can have?

The network of the digits, 64 - 32 - 10 with tanh, trained on all of 300 images at once by gradient descent, mean
squared error against one-hot classes. On a quadratic a rate works as long as the largest eigenvalue of the Hessian, the
sharpness, is below 2 / rate. Along real training the sharpness rises until it reaches 2 / rate, and then stays about
there, while the loss goes on falling, no longer in every step (Cohen et al., ICLR 2021, arXiv:2103.00065). The smaller
the rate, the sharper the place where training ends.

Run `python -m experiments.edge_of_stability`.
"""

import json
from pathlib import Path

import click
import numpy as np
import torch
import xarray as xr
from torch import nn
from torch.nn.functional import one_hot

import explorer
from experiments.digits import around
from experiments.images import digits
from experiments.slices import SLOPES, swept, with_source
from experiments.training import drawn, one_thread
from explorer.curvature import extreme_eigenvalues, hessian_product
from explorer.directions import principal
from explorer.store.store import Store
from models import MODELS

IMAGES = 300
RATES = (0.5, 0.4)
STEPS, EVERY = 4500, 50
POINTS = 41
_FACTORY = "experiments.edge_of_stability:objective"


def objective(images: int = IMAGES) -> explorer.Objective:
    """Return the mean squared error on the first images, at the network before training; theta [2410], float64."""
    split = digits()
    x, y = split.x[:images].flatten(1).double(), one_hot(split.y[:images], 10).double()
    model = drawn(lambda: MODELS["mlp"](dtype=torch.float64), seed=0)
    return with_source(explorer.Objective(model, nn.MSELoss(), (x, y)), _FACTORY, images=images)


def trained(
    on: explorer.Objective, rate: float, steps: int = STEPS, every: int = EVERY
) -> tuple[explorer.Trajectory, list[float]]:
    """Return the path of gradient descent over all data, and the sharpness at each of its thetas.

    Args:
        on: where it begins, and what it goes down.
        rate: of torch.optim.SGD, constant, without momentum.
        steps: in all.
        every: steps between two thetas of the path.
    """
    theta = on.theta.requires_grad_()
    optimizer = torch.optim.SGD([theta], lr=rate)
    thetas, losses, sharp = [], [], []
    with one_thread(), torch.enable_grad():
        for step in range(steps + 1):
            loss = on(theta)
            if step % every == 0:
                thetas.append(theta.detach().clone())
                losses.append(float(loss.detach()))
                sharp.append(sharpness(on, thetas[-1]))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return explorer.Trajectory.of(thetas, range(0, steps + 1, every), losses), sharp


def sharpness(on: explorer.Objective, theta: torch.Tensor) -> float:
    """Return the largest eigenvalue of the Hessian at theta [P], to within a thousandth."""
    return extreme_eigenvalues(hessian_product(on, theta), theta, steps=60).high


def table(paths: dict[float, tuple[explorer.Trajectory, list[float]]]) -> xr.Dataset:
    """Return `sharpness` and `loss` over (rate, step)."""
    steps = next(iter(paths.values()))[0].steps.numpy()
    losses = np.stack([path.losses.numpy() for path, _ in paths.values() if path.losses is not None])
    sharp = np.array([each for _, each in paths.values()])
    coords = {"rate": list(paths), "step": steps}
    return xr.Dataset({"sharpness": (("rate", "step"), sharp), "loss": (("rate", "step"), losses)}, coords)


def sentence(found: xr.Dataset) -> str:
    """Return what happened, in words with numbers: for each rate where sharpness began, and its middle value over the
    last third of the steps."""
    last = found["sharpness"].isel(step=slice(2 * found.sizes["step"] // 3, None)).median("step")
    said = [f"at rate {rate:g} to {float(last.sel(rate=rate)):.2f} (2 / rate = {2 / rate:g})"
            for rate in found["rate"].values.tolist()]  # fmt: skip
    begins = float(found["sharpness"].isel(rate=0, step=0))
    return f"Sharpness rises from {begins:.2f} {' and '.join(said)}, and stays there while the loss goes on falling."


@click.command()
@click.option("--out", default="runs", show_default=True, type=click.Path(path_type=Path), help="Folder to write to.")
@click.option("--steps", default=STEPS, show_default=True, type=click.IntRange(2 * EVERY), help="Of training.")
@click.option("--points", default=POINTS, show_default=True, type=click.IntRange(2), help="Of the slice's axes.")
def main(out: Path, steps: int, points: int) -> None:
    """Train at two rates; write edge-of-stability.nc, .html and a slice with both paths, .zarr."""
    out.mkdir(parents=True, exist_ok=True)
    begin = objective()
    paths = {rate: trained(begin, rate, steps) for rate in RATES}
    found = table(paths)
    found.to_netcdf(out / "edge-of-stability.nc", engine="h5netcdf")
    figure = explorer.figures.sharpness(found)
    figure.write_html(out / "edge-of-stability.html", config={"showSendToCloud": False})
    walked = {f"rate {rate:g}": path for rate, (path, _) in paths.items()}
    plane = principal(walked)
    store = out / "edge-of-stability.zarr"
    swept(begin, plane, around(plane, *walked.values(), points=points), store, checkpoints=walked, quantities=SLOPES)
    Store.open(store, write=True).set_attrs({"sharpness": json.dumps(columns(found))})
    print(f"\n{sentence(found)}")


def columns(found: xr.Dataset) -> dict[str, list[float]]:
    """Return the table as lists, as an attribute holds it."""
    return {str(name): array.values.tolist() for name, array in found.variables.items()}


if __name__ == "__main__":
    main()
