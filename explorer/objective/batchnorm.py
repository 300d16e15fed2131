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
        self._keeping = False
        self._kept: list[tuple[Tensor, Tensor]] = []
        self._calls = 0

    def forward(self, x: Tensor) -> Tensor:
        """Return x [D, C, ...] normalized."""
        mean, variance = self._chosen(x)
        shape = (1, -1, *[1] * (x.dim() - 2))
        # Written out: torch's own operation takes given statistics for constants, and drops their gradient.
        normal = (x - mean.view(shape)) / (variance.view(shape) + self.eps).sqrt()
        return normal if self.weight is None else normal * self.weight.view(shape) + self.bias.view(shape)

    def _chosen(self, x: Tensor) -> tuple[Tensor, Tensor]:
        if self._kept and not self._keeping:
            # A layer that is called several times in a pass has statistics of its own for each call.
            self._calls += 1
            return self._kept[(self._calls - 1) % len(self._kept)]
        found = _statistics(x)
        if self._keeping:
            self._kept.append(found)
        return found

    def keep(self, keeping: bool) -> None:
        """Start keeping the statistics of what comes by (True), or stop and use those that were kept (False)."""
        self._keeping, self._calls = keeping, 0

    def forget(self) -> None:
        """Go back to the statistics of whatever comes."""
        self._keeping, self._kept, self._calls = False, [], 0


def _statistics(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and biased variance of each channel [C] of x [D, C, ...]."""
    others = [0, *range(2, x.dim())]
    return x.mean(others), x.var(others, correction=0)


def recompute_batchnorm(model: nn.Module) -> nn.Module:
    """Replace every BatchNorm layer within a model, in place, and return it; names of parameters stay.

    A layer that is held under several names stays one layer under all of them.
    """
    if isinstance(model, _BatchNorm):
        return RecomputedBatchNorm(model)
    replaced = {module: RecomputedBatchNorm(module) for module in model.modules() if isinstance(module, _BatchNorm)}
    for parent in list(model.modules()):
        for name, child in parent._modules.items():
            if isinstance(child, _BatchNorm):
                parent._modules[name] = replaced[child]
    return model


@contextmanager
def statistics_of(model: nn.Module, inputs: Tensor) -> Iterator[None]:
    """Let every recomputed BatchNorm use the statistics of the training `inputs` while the context lasts."""
    layers = [module for module in model.modules() if isinstance(module, RecomputedBatchNorm)]
    try:
        for layer in layers:
            layer.keep(True)
        model(inputs)
        for layer in layers:
            layer.keep(False)
        yield
    finally:
        for layer in layers:
            layer.forget()
