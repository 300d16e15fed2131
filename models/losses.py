"""The four regression losses of the lesson, means over samples, written in elementary operations.

Elementary operations keep every transform open: `vmap`, `grad`, `hessian` and forward-over-reverse all pass
through them, which the fused losses of `torch.nn` do not allow in every combination.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.func import vmap
from torch.nn.functional import softplus


def _residual(prediction: Tensor, target: Tensor) -> Tensor:
    # Silent broadcasting of [D] against [D, 1] would average D * D differences.
    if prediction.shape != target.shape:
        raise ValueError(
            f"prediction and target must have the same shape, got {tuple(prediction.shape)} and "
            f"{tuple(target.shape)}; reshape one of them"
        )
    return prediction - target


class MSE(nn.Module):
    """Mean squared error, mean(r^2), without a factor 1/2."""

    def pointwise(self, residual: Tensor) -> Tensor:
        """Return r^2 for every residual, same shape."""
        return residual.square()

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Return the scalar mean over samples."""
        return self.pointwise(_residual(prediction, target)).mean()


class MAE(nn.Module):
    """Mean absolute error, mean(|r|); its gradient at r = 0 is 0."""

    def pointwise(self, residual: Tensor) -> Tensor:
        """Return |r| for every residual, same shape."""
        return residual.abs()

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Return the scalar mean over samples."""
        return self.pointwise(_residual(prediction, target)).mean()


class Huber(nn.Module):
    """Huber's loss: r^2/2 where |r| <= delta, delta (|r| - delta/2) beyond.

    Source: P. J. Huber, Robust estimation of a location parameter, Ann. Math. Statist. 35 (1964) 73-101.
    The scale is that of `torch.nn.HuberLoss`: half of `MSE` where every residual is small.

    Raises:
        ValueError: delta is not a positive finite number.
    """

    def __init__(self, delta: float = 0.25) -> None:
        super().__init__()
        if not (math.isfinite(delta) and delta > 0):
            raise ValueError(f"Huber's delta must be a positive finite number, got {delta!r}")
        self.delta = float(delta)

    def pointwise(self, residual: Tensor) -> Tensor:
        """Return Huber's loss of every residual, same shape."""
        size = residual.abs()
        return torch.where(size <= self.delta, residual.square() / 2, self.delta * (size - self.delta / 2))

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Return the scalar mean over samples."""
        return self.pointwise(_residual(prediction, target)).mean()

    def extra_repr(self) -> str:
        """Show delta in the module's repr."""
        return f"delta={self.delta}"


class LogCosh(nn.Module):
    """Mean of log cosh r: r^2/2 near 0, |r| - ln 2 far away.

    cosh r = 1 + 2 sinh(r/2)^2 gives the small branch without cancellation, and
    log cosh r = |r| + log(1 + e^(-2|r|)) - ln 2 the large one without overflow.
    """

    def pointwise(self, residual: Tensor) -> Tensor:
        """Return log cosh r of every residual, same shape, never negative."""
        size = residual.abs()
        small = size < 1
        # Each branch only ever sees its own side: an overflow in the branch not taken would turn gradients into NaN.
        near = torch.where(small, residual, torch.zeros_like(residual))
        far = torch.where(small, torch.ones_like(size), size)
        return torch.where(
            small,
            torch.log1p(2 * torch.sinh(near / 2).square()),
            far + softplus(-2 * far) - math.log(2),
        )

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Return the scalar mean over samples."""
        return self.pointwise(_residual(prediction, target)).mean()


def unreduced(loss: Callable[[Tensor, Tensor], Tensor], prediction: Tensor, target: Tensor) -> Tensor:
    """Return the loss of each sample on its own, in the shape of `prediction`.

    Works for any loss that is a mean over samples: the mean over one sample is that sample's loss.
    """
    each: Tensor = vmap(loss)(prediction.reshape(-1, 1), target.reshape(-1, 1))
    return each.reshape(prediction.shape)
