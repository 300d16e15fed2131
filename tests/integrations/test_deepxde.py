"""DeepXDE on PyTorch: its losses to the bit, term by term."""

import os

import numpy as np
import pytest
import torch

import explorer
from explorer import Grid
from explorer.integrations import deepxde
from tests.support.planes import random_plane

pytestmark = [pytest.mark.integrations, pytest.mark.filterwarnings("default")]
os.environ.setdefault("DDE_BACKEND", "pytorch")
dde = pytest.importorskip("deepxde")


def model(weights=(1.0, 10.0, 2.0)):
    """u'' = -sin(x) on [0, pi], with a value at one end and a slope at the other."""
    dde.config.set_random_seed(0)
    geometry = dde.geometry.Interval(0, np.pi)

    def pde(x, u):
        return dde.grad.hessian(u, x) + torch.sin(x)

    conditions = [
        dde.icbc.DirichletBC(geometry, lambda x: 0.0, lambda x, on: on and x[0] < 1),
        dde.icbc.NeumannBC(geometry, lambda x: -1.0, lambda x, on: on and x[0] > 1),
    ]
    data = dde.data.PDE(geometry, pde, conditions, num_domain=12, num_boundary=2)
    net = dde.nn.FNN([1, 8, 8, 1], "tanh", "Glorot normal")
    found = dde.Model(data, net)
    found.compile("adam", lr=1e-3, loss_weights=list(weights))
    return found


def own_losses(given):
    state = given.train_state
    return given.outputs_losses_train(state.X_train, state.y_train, state.train_aux_vars)[1]


def test_terms_are_its_own_losses():
    given = model()
    objective = deepxde(given)
    assert objective.term_names == ("residual", "DirichletBC", "NeumannBC")
    own = own_losses(given).detach()
    terms = objective.terms(objective.theta)
    for value, weight, weighted in zip(terms.values(), (1.0, 10.0, 2.0), own, strict=True):
        assert (weight * value).item() == weighted.item()
    assert objective(objective.theta).item() == pytest.approx(own.sum().item(), rel=1e-6)


def test_away_from_the_center_and_its_gradient():
    given = model()
    objective = deepxde(given)
    theta = objective.theta + 0.05
    leaf = theta.clone().requires_grad_()
    (slope,) = torch.autograd.grad(objective(leaf), leaf)
    torch.nn.utils.vector_to_parameters(theta, given.net.parameters())
    dde.grad.clear()
    total = own_losses(given).sum()
    gradient = torch.cat(
        [
            g.flatten()
            for g in torch.autograd.grad(total, list(given.net.parameters()), allow_unused=True)
            if g is not None
        ]
    )
    assert objective(theta).item() == pytest.approx(total.item(), rel=1e-6)
    torch.testing.assert_close(slope[slope != 0], gradient[gradient != 0], rtol=1e-4, atol=1e-5)


def test_a_sweep_by_terms():
    objective = deepxde(model())
    grid = Grid.square(radius=0.3, points=3)
    found = explorer.sweep(objective, random_plane(objective), grid, quantities=("loss", "terms"), progress=False)
    weights = np.array([1.0, 10.0, 2.0])
    np.testing.assert_allclose(found.loss, (found.terms * weights).sum("term"), rtol=1e-6)


def test_its_checkpoints_are_read(tmp_path):
    from explorer.checkpoints import read_checkpoint

    given = model()
    path = given.save(str(tmp_path / "m"))
    assert torch.equal(read_checkpoint(deepxde(given), path), deepxde(given).theta)
