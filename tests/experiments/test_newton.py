"""The small linear algebra of the descents, against dense routines, and their one promise: never uphill."""

import pytest
import torch
from torch import Tensor

from experiments.derivatives import local
from experiments.newton import absolute, descend, distinct, solve
from experiments.targets import TARGETS
from models.losses import MAE, MSE, Huber, LogCosh


def symmetric(count: int = 50) -> tuple[Tensor, Tensor]:
    entries = torch.randn(count, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return entries, entries[:, [0, 1, 1, 2]].reshape(-1, 2, 2)


def test_solve_is_the_dense_solution():
    entries, dense = symmetric()
    vector = torch.randn(50, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    # Condition numbers here stay below 1e4.
    torch.testing.assert_close(solve(entries, vector), torch.linalg.solve(dense, vector), rtol=1e-10, atol=1e-12)


def test_absolute_has_the_same_eigenvectors_and_absolute_eigenvalues():
    entries, dense = symmetric()
    values, vectors = torch.linalg.eigh(dense)
    expected = vectors @ torch.diag_embed(values.abs()) @ vectors.mT
    found = absolute(entries)[:, [0, 1, 1, 2]].reshape(-1, 2, 2)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-13)


def test_absolute_of_nothing_is_nothing():
    assert torch.equal(absolute(torch.zeros(1, 3, dtype=torch.float64)), torch.zeros(1, 3, dtype=torch.float64))


@pytest.mark.parametrize("loss", [MSE(), MAE(), Huber(0.25), LogCosh()], ids=repr)
def test_a_descent_never_goes_uphill(loss):
    target = TARGETS["outliers"]
    thetas = 5 * torch.randn(40, 2, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    before = local(loss, thetas, target.x, target.y).value
    for steps in (1, 5, 20):
        after = local(loss, descend(loss, thetas, target.x, target.y, steps), target.x, target.y).value
        assert bool((after <= before).all())
        before = after
    assert float(before.min()) < float(local(loss, thetas, target.x, target.y).value.min())


def test_distinct_keeps_one_of_each():
    thetas = torch.tensor([[1.0, 2.0], [1.0 + 1e-9, 2.0], [1.0, 3.0], [-4.0, 0.0], [1.0, 2.0]], dtype=torch.float64)
    assert len(distinct(thetas)) == 3
