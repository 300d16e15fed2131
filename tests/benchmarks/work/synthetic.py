"""Data with structure, and networks trained on them for a moment, all by one seed.

At random weights a landscape is nearly flat, and what rounding or interpolation do to it says nothing of trained ones.
"""

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

CLASSES = 10


def labelled_images(samples: int, shape: tuple[int, ...], noise: float = 3.0) -> tuple[Tensor, Tensor]:
    """Return images [samples, *shape], one prototype a class plus Gaussian noise, and their classes [samples]."""
    generator = torch.Generator().manual_seed(1)
    prototypes = torch.randn(CLASSES, *shape, generator=generator) / 4
    y = torch.randint(0, CLASSES, (samples,), generator=generator)
    return prototypes[y] + noise * torch.randn(samples, *shape, generator=generator), y


def labelled_sequences(samples: int, length: int, vocabulary: int) -> tuple[Tensor, Tensor]:
    """Return tokens [samples, length], drawn from a distribution of each class's own, and classes [samples]."""
    generator = torch.Generator().manual_seed(1)
    odds = torch.softmax(torch.randn(CLASSES, vocabulary, generator=generator), dim=1)
    y = torch.randint(0, CLASSES, (samples,), generator=generator)
    return torch.multinomial(odds[y], length, replacement=True, generator=generator), y


def train(model: nn.Module, data: tuple[Tensor, Tensor], steps: int, batch: int = 128, lr: float = 1e-3) -> float:
    """Adam on cross-entropy, in place; return the last batch's loss."""
    generator, optimizer = torch.Generator().manual_seed(2), torch.optim.Adam(model.parameters(), lr)
    model.train()
    for _ in range(steps):
        some = torch.randint(0, len(data[1]), (batch,), generator=generator)
        optimizer.zero_grad()
        loss = cross_entropy(model(data[0][some]), data[1][some])
        loss.backward()
        optimizer.step()
    model.eval()
    return loss.item()


def save(model: nn.Module, data: tuple[Tensor, Tensor], path: Path) -> None:
    """Write weights and data, so that every process compares the same ones."""
    torch.save({"weights": model.state_dict(), "x": data[0], "y": data[1]}, path)


def load(model: nn.Module, path: Path) -> tuple[nn.Module, tuple[Tensor, Tensor]]:
    """Return the model with the weights that were saved, in eval mode, and the data."""
    saved = torch.load(path)
    model.load_state_dict(saved["weights"])
    return model.eval(), (saved["x"], saved["y"])
