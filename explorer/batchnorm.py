"""BatchNorm with statistics recomputed at every theta: those of the training data under these very parameters."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


class RecomputedBatchNorm(nn.Module):
    """Normalizes by mean and biased variance of what it is given (Ioffe and Szegedy 2015, training mode).

    It writes no buffer, so it is a pure function of theta and data: gradients go through the statistics. Within
    `statistics_of` it normalizes other data by the statistics of the training data.
    """

    def __init__(self, original: _BatchNorm) -> None:
        super().__init__()
        self.weight, self.bias, self.eps = original.weight, original.bias, original.eps
        self._keeps = False
        self._kept: tuple[Tensor, Tensor] | None = None

    def forward(self, x: Tensor) -> Tensor:
        if self._keeps or self._kept is None:
            mean, variance = _statistics(x)
            self._kept = (mean, variance) if self._keeps else None
        else:
            mean, variance = self._kept
        shape = (1, -1, *[1] * (x.dim() - 2))
        # Written out: torch's own operation takes given statistics for constants, and drops their gradient.
        normal = (x - mean.view(shape)) / (variance.view(shape) + self.eps).sqrt()
        return normal if self.weight is None else normal * self.weight.view(shape) + self.bias.view(shape)


def _statistics(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and biased variance of each channel [C] of x [D, C, ...]."""
    others = [0, *range(2, x.dim())]
    return x.mean(others), x.var(others, correction=0)


def has_batchnorm(model: nn.Module) -> bool:
    """Return whether a model holds BatchNorm layers."""
    return any(isinstance(module, (_BatchNorm, RecomputedBatchNorm)) for module in model.modules())


def recompute_batchnorm(model: nn.Module) -> nn.Module:
    """Replace every BatchNorm layer within a model, in place, and return it; names of parameters stay."""
    if isinstance(model, _BatchNorm):
        return RecomputedBatchNorm(model)
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, _BatchNorm):
                setattr(parent, name, RecomputedBatchNorm(child))
    return model


@contextmanager
def statistics_of(model: nn.Module, inputs: Tensor) -> Iterator[None]:
    """Let every recomputed BatchNorm use the statistics of the training `inputs` while the context lasts."""
    layers = [module for module in model.modules() if isinstance(module, RecomputedBatchNorm)]
    try:
        for layer in layers:
            layer._keeps = True
        model(inputs)
        for layer in layers:
            layer._keeps = False
        yield
    finally:
        for layer in layers:
            layer._keeps, layer._kept = False, None
