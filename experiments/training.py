"""Training that gives the same bits every time, and the path it took."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from explorer.checkpoints import write_checkpoint
from explorer.checkpoints.trajectory import Trajectory
from explorer.objective.parameters import layout_of


@dataclass(frozen=True)
class Recipe:
    """How to train: minibatches in a fresh order each epoch, the rate falling to zero along a cosine."""

    optimizer: Callable[..., torch.optim.Optimizer]
    lr: float
    epochs: int
    options: tuple[tuple[str, float], ...] = ()
    """Further arguments of the optimizer."""
    batch: int = 128
    seed: int = 0
    """Of the order of the images."""
    every: int = 1
    """Epochs between two thetas of the trajectory."""


def drawn(make: Callable[[], nn.Module], seed: int) -> nn.Module:
    """Return make() with its weights drawn from a seed; torch's global generator stays where it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return make()


def train(
    model: nn.Module, x: Tensor, y: Tensor, recipe: Recipe, at_step: Callable[[Tensor], object] | None = None
) -> Trajectory:
    """Train a classifier in place on x [D, ...], y [D], leave it in eval mode, and return its path.

    The trajectory counts minibatches; its thetas are those of epochs 0, `every`, 2 `every`, ... and of the end, its
    losses those of all the data in eval mode. On one machine two runs agree in every bit: one thread, seeded order.
    `at_step` is called with the loss of every minibatch, after its step.
    """
    optimizer = recipe.optimizer(model.parameters(), lr=recipe.lr, **dict(recipe.options))
    # Whole batches only: the mean and variance of a handful of images would disturb BatchNorm's statistics.
    starts = range(0, max(1, len(x) - recipe.batch + 1), recipe.batch)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, recipe.epochs * len(starts))
    order = torch.Generator().manual_seed(recipe.seed)
    # Whoever asks for a trained network may have turned gradients off.
    with one_thread(), torch.enable_grad():
        path = [_recorded(model, x, y)]
        for epoch in range(1, recipe.epochs + 1):
            model.train()
            shuffled = torch.randperm(len(x), generator=order)
            for start in starts:
                loss = _step(model, optimizer, x, y, shuffled[start : start + recipe.batch])
                if at_step is not None:
                    at_step(loss)
                scheduler.step()
            if epoch % recipe.every == 0 or epoch == recipe.epochs:
                path.append(_recorded(model, x, y, epoch * len(starts)))
    steps, losses, thetas = zip(*path, strict=True)
    return Trajectory.of(thetas, steps, losses)


def _step(model: nn.Module, optimizer: torch.optim.Optimizer, x: Tensor, y: Tensor, batch: Tensor) -> Tensor:
    """Return the loss before the step."""
    optimizer.zero_grad()
    loss = cross_entropy(model(x[batch]), y[batch])
    loss.backward()
    optimizer.step()
    return loss


@torch.no_grad()
def _recorded(model: nn.Module, x: Tensor, y: Tensor, step: int = 0) -> tuple[int, float, Tensor]:
    model.eval()
    return step, float(cross_entropy(model(x), y)), layout_of(model).flatten(dict(model.named_parameters()))


@contextmanager
def one_thread() -> Iterator[None]:
    """Sum in one order, whatever the number of processors; and small networks are no faster on more."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def kept(model: nn.Module, path: Path, train_it: Callable[[], object]) -> nn.Module:
    """Return the model with the weights and buffers of a safetensors file; without one, train it first and write it.

    Raises:
        CheckpointError: the file cannot be written.
    """
    if path.exists():
        model.load_state_dict(load_file(path))
        return model.eval()
    train_it()
    path.parent.mkdir(parents=True, exist_ok=True)
    write_checkpoint(model, path)
    return model
