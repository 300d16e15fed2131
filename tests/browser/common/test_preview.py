"""Previews: what the browser computes for itself while the hand moves, against Python."""

import numpy as np
import pytest
import torch
from playwright.sync_api import Page

import models

RESIDUALS = [-300.0, -7.5, -0.3, -0.25, -1e-9, 0.0, 1e-12, 0.1, 0.25, 0.6, 3.0, 40.0]


@pytest.mark.parametrize("loss", ["mse", "mae", "huber", "log_cosh"])
def test_a_loss_and_its_slope_are_torchs(lesson: Page, loss: str) -> None:
    script = """([loss, residuals, delta]) => ["ell", "slope"].map((which) =>
        residuals.map((r) => explorer.preview.neuron.losses[loss][which](r, { delta })))"""
    values, slopes = lesson.evaluate(script, [loss, RESIDUALS, 0.25])
    module = models.LOSSES[loss](**({"delta": 0.25} if loss == "huber" else {}))
    r = torch.tensor(RESIDUALS, dtype=torch.float64, requires_grad=True)
    expected = torch.stack([module(each, torch.zeros_like(each)) for each in r])
    (gradient,) = torch.autograd.grad(expected.sum(), r)
    # A few roundings of exp and log.
    assert values == pytest.approx(expected.tolist(), rel=1e-13, abs=1e-16)
    assert slopes == pytest.approx(gradient.tolist(), rel=1e-13, abs=1e-16)


SIDE = {
    "axes": ["alpha", "beta"], "points": [[-1, 0, 2], [0, 1]], "sizes": [3, 2], "window": [[-1, 2], [0, 1]],
    "gram": [[1, 0.5], [0.5, 2]], "evaluated": None,
}  # fmt: skip
AT = """([side, fields, at]) => {
    const arrays = Object.fromEntries(Object.entries(fields).map(([name, values]) => [name, new Float32Array(values)]));
    return explorer.sweptAt({ ...side, fields: arrays }, at);
}"""


def fields() -> dict[str, list[float]]:
    """A loss that is bilinear, with its slopes along the axes, in C order."""
    alpha, beta = np.meshgrid([-1, 0, 2], [0, 1], indexing="ij")
    swept = {"loss": 1 + 2 * alpha - beta + 3 * alpha * beta, "d alpha": 2 + 3 * beta, "d beta": 3 * alpha - 1}
    return {name: values.ravel().tolist() for name, values in swept.items()}


@pytest.mark.parametrize("at", [(-1, 0), (0.5, 0.25), (2, 1), (-0.75, 1)])
def test_a_sweep_is_read_linearly_between_its_points(stores: Page, at: tuple[float, float]) -> None:
    alpha, beta = at
    found = stores.evaluate(AT, [SIDE, fields(), list(at)])
    gradient = np.array([2 + 3 * beta, 3 * alpha - 1])
    along = np.linalg.solve(SIDE["gram"], gradient)
    assert found["values"]["loss"] == pytest.approx(1 + 2 * alpha - beta + 3 * alpha * beta, rel=1e-6)
    assert found["coordinates"] == pytest.approx(along.tolist(), rel=1e-6)
    # The part of the gradient in the plane has the squared length g' G^-1 g.
    assert found["inPlane"] == pytest.approx(np.sqrt(gradient @ along), rel=1e-6)


@pytest.mark.parametrize("at", [(-1.01, 0.5), (0.5, 1.5)])
def test_outside_a_sweep_nothing_is_known(stores: Page, at: tuple[float, float]) -> None:
    found = stores.evaluate(AT, [SIDE, fields(), list(at)])
    assert np.isnan(found["values"]["loss"])
    assert found["coordinates"] is None
