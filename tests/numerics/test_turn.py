"""Threads that compute at once are right and never raise: PyTorch's forward-mode levels are those of a process."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch import nn

from explorer import Grid, Objective, descend, directions, sweep

THREADS = 4
TIMES = 2


def objective(seed):
    generator = torch.Generator().manual_seed(seed)
    model = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1)).double()
    with torch.no_grad():
        for parameter in model.parameters():
            # Not from the random numbers that all threads share.
            parameter.copy_(torch.randn(parameter.shape, generator=generator, dtype=torch.float64))
    x, y = (torch.randn(30, size, generator=generator, dtype=torch.float64) for size in (3, 1))
    return Objective(model, nn.MSELoss(), (x, y))


def found(own):
    plane = directions.gaussian(own)
    swept = sweep(own, plane, Grid.square(points=5), quantities=("loss", "gradient", "curvature"), progress=False)
    path = descend(own, own.theta, "gd", 0.1, 5)
    return [swept[name].values for name in ("loss", "gradient", "curvature")] + [
        directions.hessian(own).basis.numpy(),
        path.thetas.numpy(),
    ]


def test_sweeps_hessians_and_descents_in_threads_are_those_of_one():
    own = [objective(seed) for seed in range(THREADS)]
    alone = [found(each) for each in own]
    with ThreadPoolExecutor(THREADS) as pool:
        together = [list(pool.map(found, own)) for _ in range(TIMES)]
    for each in together:
        for one, other in zip(alone, each, strict=True):
            for a, b in zip(one, other, strict=True):
                # Eigenvectors by an iteration that ends at 1e-10 or so; all else but for another strategy to the bit.
                np.testing.assert_allclose(b, a, rtol=1e-6, atol=1e-9)


def test_threads_prepare_and_trace_at_once():
    # Nothing is known of these, so that all are timed and traced at once.
    with ThreadPoolExecutor(THREADS) as pool:
        made = list(pool.map(lambda seed: found(objective(seed)), range(10, 10 + THREADS)))
    for seed, each in zip(range(10, 10 + THREADS), made, strict=True):
        np.testing.assert_allclose(each[0], found(objective(seed))[0], rtol=1e-10)
