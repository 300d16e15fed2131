"""What plain processes gain on this machine: two virtual cores may share one."""

import multiprocessing
import time

import torch

_SECONDS = 3.0


def _products(seconds: float) -> float:
    """Return how many products of matrices one thread makes a second."""
    torch.set_num_threads(1)
    images, weights, count = torch.ones(2000, 784), torch.ones(784, 128), 0
    began = time.perf_counter()
    while (passed := time.perf_counter() - began) < seconds:
        torch.tanh(images @ weights)
        count += 1
    return count / passed


def ceiling(processes: int, seconds: float = _SECONDS) -> float:
    """Return how much of so many times one process as many make that know nothing of each other."""
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        pool.map(_products, [0.1] * processes, chunksize=1)
        alone = pool.apply(_products, (seconds,))
        return sum(pool.map(_products, [seconds] * processes, chunksize=1)) / (processes * alone)
