"""How fast this machine multiplies matrices: one product, scaled to a given number of operations."""

import numpy as np
import torch

from tests.benchmarks.harness.contenders import Floats, Work

SHAPES = ((1024, 1024, 1024), (2048, 2048, 2048), (5000, 784, 128), (5000, 128, 128), (128, 784, 5000))
"""(rows, inner, columns): square, and as in the network of `bench_network`, both ways round."""


def product(shape: tuple[int, int, int], operations: float, dtype: torch.dtype = torch.float32) -> Work:
    """Multiply [rows, inner] by [inner, columns] into a tensor that is there: 2 rows inner columns operations."""
    rows, inner, columns = shape
    generator = torch.Generator().manual_seed(0)
    a, b = torch.randn(rows, inner, generator=generator), torch.randn(inner, columns, generator=generator)
    there = torch.empty(rows, columns, dtype=dtype)
    low = a.to(dtype), b.to(dtype)
    reference = (low[0].double()[:16] @ low[1].double()).numpy()

    def run() -> Floats:
        torch.matmul(*low, out=there)
        return np.asarray(there[:16].float())

    return Work(run, reference, scale=operations / (2 * rows * inner * columns))
