"""The plain network: layers of weights with one activation between them."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn


class MLP(nn.Module):
    """Multilayer perceptron: x [D, sizes[0]] -> [D, sizes[-1]], linear at the end.

    A layer is h -> activation(W h + b); weights and biases are drawn as `nn.Linear` draws them, uniformly within
    1 / sqrt(inputs), from torch's global generator. With a smooth activation the Hessian exists everywhere.

    Args:
        sizes: width of the input, of every hidden layer and of the output.
        activation: Tensor -> Tensor, entry by entry.
        dtype: of the parameters; drawn in float32, so that another dtype means the same network up to rounding.

    Raises:
        ValueError: fewer than two sizes, or one below 1.
    """

    def __init__(
        self,
        sizes: Sequence[int] = (64, 32, 10),
        activation: Callable[[Tensor], Tensor] = torch.tanh,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__()
        if len(sizes) < 2 or min(sizes) < 1:
            raise ValueError(f"expected at least an input and an output size, all 1 or more; got {tuple(sizes)}")
        layers = (nn.Linear(before, after, dtype=torch.float32) for before, after in pairwise(sizes))
        self.layers = nn.ModuleList(layers)
        self.activation = activation
        self.to(dtype)

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs [D, sizes[-1]] of x [D, sizes[0]]."""
        *hidden, last = self.layers
        for layer in hidden:
            x = self.activation(layer(x))
        output: Tensor = last(x)
        return output
