import math

import pytest
import torch

from explorer.curvature import extreme_eigenvalues, hessian_product
from explorer.curvature.dense import dense_matrix
from tests.support.cases import least_squares


def matrix(spectrum, seed=0):
    """A symmetric matrix of that spectrum, in random directions."""
    values = torch.as_tensor(spectrum, dtype=torch.float64)
    generator = torch.Generator().manual_seed(seed)
    basis = torch.linalg.qr(torch.randn(len(values), len(values), generator=generator, dtype=torch.float64)).Q
    return basis @ torch.diag(values) @ basis.T


def ends(spectrum, **given):
    hidden = matrix(spectrum)
    return extreme_eigenvalues(lambda v: hidden @ v, torch.zeros(len(hidden), dtype=torch.float64), **given)


SPECTRA = {
    "one sign": torch.arange(1, 11),
    "both signs": torch.linspace(-3, 7, 40),
    "negative": torch.linspace(-9, -1, 25),
    "a bulk and two ends": torch.cat([torch.zeros(300), torch.tensor([-0.5, 12.0])]),
}


@pytest.mark.parametrize("spectrum", SPECTRA.values(), ids=SPECTRA)
def test_both_ends_are_found_within_their_bounds(spectrum):
    found = ends(spectrum, steps=60, tolerance=1e-9)
    size = float(spectrum.abs().max())
    for value, bound, exact in (
        (found.low, found.low_bound, float(spectrum.min())),
        (found.high, found.high_bound, float(spectrum.max())),
    ):
        assert bound <= 1e-9 * size
        # The bound holds up to rounding: some eps per step, times the size of the matrix.
        assert abs(value - exact) <= bound + 1e-13 * size


@pytest.mark.parametrize("steps", [1, 3, 8, 15])
def test_an_early_stop_is_inside_and_an_eigenvalue_is_within_the_bound(steps):
    spectrum = torch.linspace(-3, 7, 40, dtype=torch.float64)
    found = ends(spectrum, steps=steps)
    assert found.products == steps
    assert -3 <= found.low <= found.high <= 7
    for value, bound in ((found.low, found.low_bound), (found.high, found.high_bound)):
        assert float((spectrum - value).abs().min()) <= bound + 1e-13


@pytest.mark.parametrize("seed", range(3))
def test_a_bound_is_not_one_on_the_extreme_itself(seed):
    # Among many others a single eigenvalue below 0 has hardly been seen after a few products.
    found = ends(torch.cat([torch.tensor([-0.5]), torch.linspace(0.0, 6, 400)]), steps=4, seed=seed)
    assert -0.5 < found.low - found.low_bound < found.low


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_dense_matrix_from_its_products(dtype):
    hidden = matrix(SPECTRA["both signs"]).to(dtype)
    found = dense_matrix(lambda v: hidden @ v, torch.zeros(40, dtype=dtype))
    assert (found.dtype, torch.equal(found, found.T)) == (torch.float64, True)
    # Products with unit vectors round nothing; the two halves may differ in their last digit.
    torch.testing.assert_close(found, hidden.double(), rtol=0, atol=10 * torch.finfo(dtype).eps)


def test_it_stops_when_both_ends_are_known():
    found = ends(SPECTRA["a bulk and two ends"], steps=30)
    # Three different eigenvalues: three steps span all that the start vector holds.
    assert found.products == 3
    assert (found.low, found.high) == pytest.approx((-0.5, 12.0), rel=1e-12)


def test_long_runs_that_lose_orthogonality_keep_the_ends():
    spectrum = torch.cat([torch.linspace(-1, 1, 400, dtype=torch.float64), torch.tensor([-40.0, 100.0]).double()])
    found = ends(spectrum, steps=300, tolerance=0.0)
    assert (found.low, found.high) == pytest.approx((-40.0, 100.0), abs=1e-11)


def test_one_parameter_a_zero_matrix_and_a_nan():
    like = torch.zeros(1, dtype=torch.float64)
    assert extreme_eigenvalues(lambda v: -4 * v, like).low == pytest.approx(-4, rel=1e-15)
    zero = extreme_eigenvalues(torch.zeros_like, torch.zeros(5))
    assert (zero.low, zero.high, zero.low_bound, zero.high_bound, zero.products) == (0, 0, 0, 0, 1)
    broken = extreme_eigenvalues(lambda v: v * math.nan, torch.zeros(5))
    assert math.isnan(broken.low)
    assert broken.products == 1


def test_the_seed_is_the_start():
    first, again, other = (ends(SPECTRA["both signs"], steps=4, seed=seed) for seed in (0, 0, 1))
    assert first == again != other


def test_single_precision_is_as_good_as_its_products():
    case = least_squares(samples=50, parameters=20)
    theta = case.objective.theta
    exact = torch.linalg.eigvalsh(case.hessian)
    single = case.objective.to(dtype=torch.float32)
    found = extreme_eigenvalues(hessian_product(single, single.theta), single.theta, steps=20, tolerance=1e-6)
    # Products are rounded to eps = 1.2e-7 of the matrix, some 20 times.
    assert (found.low, found.high) == pytest.approx((exact[0].item(), exact[-1].item()), abs=5e-6 * exact[-1].item())
    assert theta.dtype == torch.float64
