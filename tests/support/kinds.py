"""Kinds of models that a landscape must take as they come: name -> Kind."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from explorer import Objective


def mse(prediction: Tensor, target: Tensor) -> Tensor:
    return (prediction - target).square().mean()


class Tied(nn.Module):
    """Encoder and decoder share one weight."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder = nn.Linear(3, 3), nn.Linear(3, 3)
        self.decoder.weight = self.encoder.weight

    def forward(self, x: Tensor) -> Tensor:
        return self.decoder(torch.tanh(self.encoder(x)))


class Last(nn.Module):
    """The last output of a recurrent network over [D, 4, 3]."""

    def __init__(self, cell: type[nn.RNNBase]) -> None:
        super().__init__()
        self.cell, self.head = cell(3, 4, batch_first=True), nn.Linear(4, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.cell(x)[0][:, -1])


class Attention(nn.Module):
    """One layer of a transformer over [D, 4, 8]."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.1, batch_first=True)
        self.head = nn.Linear(8, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.layer(x).mean(1))


class Counting(nn.Linear):
    """Counts its calls in a buffer."""

    def __init__(self) -> None:
        super().__init__(3, 1)
        self.register_buffer("calls", torch.zeros((), dtype=torch.int64))

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return super().forward(x)


class Words(nn.Module):
    """An embedding of class numbers, summed."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.head = nn.Embedding(7, 4), nn.Linear(4, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.embedding(x).sum(1))


def slope_term(model: nn.Module) -> Tensor:
    """A physics-informed term: its own derivative of the output by the input."""
    t = torch.linspace(0, 1, 6, dtype=torch.float64)[:, None].requires_grad_()
    u = model(t)
    return (torch.autograd.grad(u.sum(), t, create_graph=True)[0] - u).square().mean()


@dataclass(frozen=True)
class Kind:
    model: Callable[[], nn.Module]
    inputs: tuple[int, ...] = (6, 3)
    targets: tuple[int, ...] = (6, 1)
    dtype: torch.dtype = torch.float64
    term: Callable[[nn.Module], Tensor] | None = None

    def made(self) -> nn.Module:
        torch.manual_seed(0)
        return self.model().to(self.dtype).train()

    def objective(self, model: nn.Module) -> Objective:
        if self.term is not None:
            return Objective(model, terms={"slope": self.term})
        generator = torch.Generator().manual_seed(1)
        x = torch.randn(self.inputs, generator=generator, dtype=torch.float64).to(self.dtype)
        y = torch.randn(self.targets, generator=generator, dtype=torch.float64).to(self.dtype)
        if isinstance(model, Words):
            x = torch.randint(0, 7, self.inputs, generator=generator)
        return Objective(model, mse, (x, y))


def frozen() -> nn.Module:
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))
    model[0].requires_grad_(False)
    return model


KINDS = {
    "batchnorm": Kind(lambda: nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Linear(4, 1))),
    "dropout": Kind(lambda: nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Dropout(0.5), nn.Linear(4, 1))),
    "tied weights": Kind(Tied, targets=(6, 3)),
    "lstm": Kind(lambda: Last(nn.LSTM), inputs=(6, 4, 3)),
    "gru": Kind(lambda: Last(nn.GRU), inputs=(6, 4, 3)),
    "attention": Kind(Attention, inputs=(6, 4, 8)),
    "buffers": Kind(Counting),
    "half": Kind(lambda: nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)), dtype=torch.float16),
    "bfloat16": Kind(lambda: nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)), dtype=torch.bfloat16),
    "frozen": Kind(frozen),
    "physics-informed": Kind(
        lambda: nn.Sequential(nn.Linear(1, 4), nn.Tanh(), nn.Linear(4, 1)), inputs=(6, 1), term=slope_term
    ),
    "convolution": Kind(
        lambda: nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(8, 1)),
        inputs=(6, 1, 4, 4),
    ),
    "embedding": Kind(Words, inputs=(6, 4)),
    "weight norm": Kind(lambda: nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Linear(3, 4)), nn.Linear(4, 1))),
}
