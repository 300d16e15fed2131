import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn

import explorer
import models
from experiments import STUDIES, TARGETS
from explorer import Grid, Objective, Plane, basins, directions
from explorer.descent.basin_map.many_gradients import gradients_of
from explorer.descent.basin_map.walks import Walks
from tests.benchmarks import bench_basins
from tests.benchmarks.harness import table
from tests.benchmarks.harness.interleaved import measure
from tests.benchmarks.work.basins_work import Descents
from tests.support.cases import bowl

QUIET = {"progress": False}
CLASSES = {
    "gd": (torch.optim.SGD, {}, 0.4),
    "momentum": (torch.optim.SGD, {"momentum": 0.9}, 0.1),
    "rmsprop": (torch.optim.RMSprop, {}, 0.01),
    "adam": (torch.optim.Adam, {}, 0.1),
}


def neuron(target, loss="mse"):
    """The objective of a target set, its plane of (w, b) and its window."""
    data = TARGETS[target]
    objective = Objective(models.MODELS["tanh_neuron"](), models.LOSSES[loss](), (data.x, data.y))
    return objective, directions.axes(objective, "w", "b"), data.window


def grid_of(window, points):
    return Grid({label: (*window[label], points) for label in ("w", "b")})


def alone(model, measure, optimizer, steps):
    """Walk a model by a plain loop: its parameters [steps + 1, P] and losses, up to where one is no longer finite."""
    thetas, losses = [], []
    for _ in range(steps + 1):
        thetas.append(torch.cat([each.detach().reshape(-1) for each in model.parameters()]))
        optimizer.zero_grad()
        loss = measure(model)
        loss.backward()
        losses.append(loss.item())
        norm = torch.cat([each.grad.reshape(-1) for each in model.parameters()]).norm()
        if not (np.isfinite(losses[-1]) and norm.isfinite()):
            break
        optimizer.step()
    return torch.stack(thetas), np.array(losses)


class Well(nn.Module):
    """(x^2 - 1)^2 + y^2: minima at x = -1 and 1; gradient descent from far away diverges."""

    def __init__(self):
        super().__init__()
        self.at = nn.Parameter(torch.zeros(2, dtype=torch.float64))

    def forward(self):
        return (self.at[0].square() - 1).square() + self.at[1].square()


def well():
    objective = Objective(Well(), terms={"well": lambda model: model()})
    eye = torch.eye(2, dtype=torch.float64)
    return objective, Plane(torch.zeros(2, dtype=torch.float64), eye, ("x", "y"))


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize(("target", "loss"), [("noisy", "mse"), ("mirror", "huber")])
def test_every_start_is_walked_as_torch_optim_walks_it_alone(name, target, loss):
    objective, plane, window = neuron(target, loss)
    make, options, lr = CLASSES[name]
    found = basins(objective, plane, grid_of(window, 4), name, lr, 200, **QUIET)
    data = TARGETS[target]
    for w in found.w.values:
        for b in found.b.values[1:3]:
            model = models.MODELS["tanh_neuron"](w, b)
            optimizer = make(model.parameters(), lr=lr, **options)
            thetas, losses = alone(model, lambda m: models.LOSSES[loss]()(m(data.x), data.y), optimizer, 200)
            there = found.sel(w=w, b=b)
            # A step rounds by eps |theta| = 2e-15 at most; below the stability limit what is near a minimum is not
            # pushed apart, and on the way there |1 - lr lambda| <= 1 + 0.4 * 0.5 for some 20 steps: 200 * 2e-15 * 40.
            # (RMSProp keeps to that as long as it remembers large gradients: its rate is lr / sqrt(their mean square).)
            np.testing.assert_allclose(there.final.values, thetas[-1], rtol=0, atol=1e-10)
            np.testing.assert_allclose(there.final_loss, losses[-1], rtol=0, atol=1e-10)


def test_gradient_descent_shrinks_the_error_by_its_own_matrix():
    model, objective = bowl(parameters=5)
    lr = 1.0 / float(torch.linalg.eigvalsh(model.hessian)[-1])
    plane = directions.gaussian(objective, seed=1, normalize=None)
    found = basins(objective, plane, Grid.square(2.0, 5), "gd", lr, 30, **QUIET)
    error = plane.at(torch.from_numpy(Grid.square(2.0, 5).coords)) - model.center
    power = torch.linalg.matrix_power(torch.eye(5, dtype=torch.float64) - lr * model.hessian, 30)
    expected = plane.coordinates(model.center + error @ power)
    # Rounding of theta, of order 10, in 30 steps that never lengthen an error.
    np.testing.assert_allclose(found.final.values.reshape(-1, 2), expected, rtol=0, atol=30 * 10 * 2.3e-16 * 10)


@pytest.mark.parametrize(("name", "length"), [("adam", 1.0), ("rmsprop", 10.0)])
def test_a_first_step_depends_on_the_sign_of_the_gradient_alone(name, length):
    objective, plane = well()
    found = basins(objective, plane, Grid({"x": (0.25, 0.75, 3), "y": (1, 3, 3)}), name, 0.01, 1, **QUIET)
    # Adam: g / (|g| + 1e-8); RMSProp with alpha 0.99: g / (sqrt(0.01) |g| + 1e-8). |g| >= 0.9: 1e-8 / 0.09 of a step.
    step = 0.01 * length
    np.testing.assert_allclose(found.final.sel(direction="x") - found.x, step, rtol=2e-7)
    np.testing.assert_allclose(found.final.sel(direction="y") - found.y, -step, rtol=2e-7)


def test_beyond_the_stability_limit_paths_end_where_and_when_they_diverge():
    model, objective = bowl(parameters=3)
    lr = 20.0 / float(torch.linalg.eigvalsh(model.hessian)[-1])
    plane = Plane(torch.zeros(3, dtype=torch.float64), torch.eye(3, dtype=torch.float64)[:2])
    grid = Grid.square(1.0, 3)
    found = basins(objective, plane, grid, "gd", lr, 400, **QUIET)
    assert bool(found.diverged.all())
    assert (found.steps_to_tolerance == -1).all()
    for alpha, beta in grid.coords[[0, 4, 7]]:
        own, _ = bowl(parameters=3)
        with torch.no_grad():
            own.theta.copy_(plane.at([alpha, beta]))
        thetas, losses = alone(own, lambda m: m(), torch.optim.SGD(own.parameters(), lr=lr), 400)
        there = found.sel(alpha=alpha, beta=beta)
        # Errors grow as theta itself does, so relative ones only by a few eps a step, of about 120.
        np.testing.assert_allclose(there.final.values, thetas[-1][:2], rtol=1e-12)
        np.testing.assert_allclose(there.final_loss, losses[-1], rtol=1e-12)
        one = Grid({"alpha": (alpha, alpha + 1, 2), "beta": (beta, beta + 1, 2)})
        before = basins(objective, plane, one, "gd", lr, len(thetas) - 2, **QUIET)
        assert not before.diverged[0, 0]


def test_a_path_that_diverges_leaves_its_neighbors_alone():
    objective, plane = well()
    grid = Grid({"x": (-8, 8, 33), "y": (-1, 1, 3)})
    found = basins(objective, plane, grid, "momentum", 0.03, 300, **QUIET)
    gone = found.diverged.values
    assert 0 < gone.sum() < gone.size
    kept = basins(objective, plane, Grid({"x": (-1, 1, 5), "y": (-1, 1, 3)}), "momentum", 0.03, 300, **QUIET)
    assert not kept.diverged.any()
    # The same operations in vectors of another length: a few eps a step at most.
    np.testing.assert_allclose(found.final.sel(x=kept.x, y=kept.y), kept.final, rtol=0, atol=1e-12)
    assert np.isfinite(found.final_loss.values[~gone]).all()
    assert not np.isfinite(found.final_loss.values[gone]).all()


@pytest.mark.parametrize("chunk_size", [1, 7, 10_000])
def test_the_size_of_a_chunk_changes_nothing(chunk_size):
    objective, plane, window = neuron("two_readings")
    grid = grid_of(window, 6)
    expected = basins(objective, plane, grid, "momentum", 0.3, 150, **QUIET)
    found = basins(objective, plane, grid, "momentum", 0.3, 150, chunk_size=chunk_size, **QUIET)
    for name in ("steps_to_tolerance", "diverged", "minimum", "status"):
        np.testing.assert_array_equal(found[name], expected[name])
    # Vectors of another length round otherwise, by a few eps a step.
    np.testing.assert_allclose(found.final, expected.final, rtol=0, atol=1e-12)


@pytest.mark.parametrize("width", [3, 6])
@pytest.mark.parametrize("name", ["gd", "adam"])
def test_more_parameters_than_coordinates(width, name):
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(2, width), nn.Tanh(), nn.Linear(width, 1)).double()
    x, y = torch.randn(8, 2, dtype=torch.float64), torch.randn(8, 1, dtype=torch.float64)
    objective = Objective(network, nn.MSELoss(), (x, y))
    plane = directions.gaussian(objective, seed=3, normalize=None)
    found = basins(objective, plane, Grid.square(0.5, 3), name, 0.05, 100, **QUIET)
    make, options, _ = CLASSES[name]
    for alpha, beta in [(-0.5, 0.0), (0.5, 0.5)]:
        nn.utils.vector_to_parameters(plane.at([alpha, beta]), network.parameters())
        optimizer = make(network.parameters(), lr=0.05, **options)
        thetas, losses = alone(network, lambda m: nn.functional.mse_loss(m(x), y), optimizer, 100)
        there = found.sel(alpha=alpha, beta=beta)
        # As for the neuron; products are summed in another order, a few eps more.
        np.testing.assert_allclose(there.final, plane.coordinates(thetas[-1]), rtol=0, atol=1e-10)
        np.testing.assert_allclose(there.offset, plane.offset(thetas[-1]), rtol=0, atol=1e-10)
        np.testing.assert_allclose(there.final_loss, losses[-1], rtol=0, atol=1e-10)


def test_several_rates_are_a_dimension():
    objective, plane, window = neuron("two_points")
    line = Plane(plane.origin, plane.basis[:1], ("w",))
    rates = (0.1, 1.0, 30.0)
    found = basins(objective, line, Grid({"w": (*window["w"], 9)}), "rmsprop", rates, 50, chunk_size=5, **QUIET)
    assert found.final_loss.dims == ("w", "lr")
    assert found.final.dims == ("w", "lr", "direction")
    for rate in rates:
        one = basins(objective, line, Grid({"w": (*window["w"], 9)}), "rmsprop", rate, 50, **QUIET)
        # Bits differ where vectors have other lengths; saturated, tanh keeps such differences as they are.
        np.testing.assert_allclose(found.final_loss.sel(lr=rate), one.final_loss, rtol=0, atol=1e-12)
        np.testing.assert_array_equal(found.status.sel(lr=rate), 1)


def test_a_start_where_nothing_is_finite_has_diverged_there():
    class Root(nn.Module):
        def __init__(self):
            super().__init__()
            self.at = nn.Parameter(torch.ones(1, dtype=torch.float64))

    objective = Objective(Root(), terms={"root": lambda m: (m.at.log().square()).sum()})
    line = Plane(torch.zeros(1, dtype=torch.float64), torch.ones(1, 1, dtype=torch.float64), ("x",))
    found = basins(objective, line, Grid({"x": (-2, 2, 5)}), "adam", 0.01, 60, **QUIET)
    np.testing.assert_array_equal(found.diverged, [True, True, True, False, False])
    np.testing.assert_allclose(found.final.values[:3, 0], [-2, -1, 0], rtol=0, atol=1e-15)
    assert not np.isfinite(found.final_loss.values[:3]).any()
    assert json.loads(found.attrs["nonfinite"]) == {"final_loss": 3}


def test_steps_to_tolerance_counts_from_where_the_loss_stays():
    objective, plane = well()
    grid = Grid({"x": (0.5, 1.25, 4), "y": (0, 1, 3)})
    found = basins(objective, plane, grid, "momentum", 0.02, 250, tolerance=1e-6, **QUIET)
    for x, y in grid.coords:
        model = Well()
        with torch.no_grad():
            model.at.copy_(torch.tensor([x, y]))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
        _, losses = alone(model, lambda m: m(), optimizer, 250)
        beyond = np.flatnonzero(np.abs(losses - losses[-1]) > 1e-6)
        assert found.steps_to_tolerance.sel(x=x, y=y) == (beyond[-1] + 1 if len(beyond) else 0)
    early = basins(objective, plane, grid, "momentum", 0.02, 5, tolerance=1e-6, **QUIET)
    assert early.steps_to_tolerance.sel(x=0.5, y=1.0) == -1


@pytest.mark.parametrize("target", ["mirror", "two_readings"])
def test_the_minima_reached_are_the_certified_ones(target):
    objective, plane, window = neuron(target)
    grid = grid_of(window, 41)
    found = basins(objective, plane, grid, "gd", 0.3, 500, **QUIET)
    certified = STUDIES["neuron"].minima(TARGETS[target], models.LOSSES["mse"]()).points
    told = json.loads(found.attrs["minima"])
    assert len(told) == len(certified)
    for mine in told:
        away = [np.abs(np.subtract(mine["theta"], each.theta)).max() for each in certified]
        # Both are polished until a Newton step is rounding: 1e-13 / the smallest eigenvalue, at least 1e-2.
        assert min(away) < 1e-9
    label = found.minimum.values
    assert set(np.unique(label)) >= set(range(len(told)))
    assert (label >= 0).mean() > 0.2
    # Half the smallest eigenvalue times the squared distance is about the gap, of at most 1e-4.
    least = min(each.eigenvalues[0] for each in certified)
    for number, mine in enumerate(told):
        ends = found.final.values[label == number]
        assert np.linalg.norm(ends - mine["theta"], axis=1).max() < 2 * (2e-4 / least) ** 0.5
        assert (found.final_loss.values[label == number] - mine["loss"]).max() <= 1e-4
    given = basins(objective, plane, grid, "gd", 0.3, 500, minima=[torch.tensor(m["theta"]) for m in told], **QUIET)
    np.testing.assert_array_equal(given.minimum, label)


def test_a_slope_that_only_fades_is_no_minimum():
    objective, plane, window = neuron("step_labels")
    found = basins(objective, plane, grid_of(window, 9), "gd", 0.5, 300, **QUIET)
    assert (found.steps_to_tolerance >= 0).any()
    assert json.loads(found.attrs["minima"]) == []
    assert (found.minimum == -1).all()


def test_what_was_stopped_is_returned_as_far_as_it_came():
    objective, plane, window = neuron("two_points")
    asked = []
    found = basins(objective, plane, grid_of(window, 16), "gd", 0.3, 20, chunk_size=64, progress=False,
                   stop=lambda: asked.append(None) or len(asked) > 50)  # fmt: skip
    done = found.status.values == 1
    assert done.sum() == 128
    # Coarse to fine: every other point of every other row is among the first quarter.
    assert done[::2, ::2].all()
    whole = basins(objective, plane, grid_of(window, 16), "gd", 0.3, 20, **QUIET)
    np.testing.assert_allclose(found.final_loss.values[done], whole.final_loss.values[done], rtol=0, atol=1e-12)
    assert np.isnan(found.final_loss.values[~done]).all()
    assert (found.minimum.values[~done] == -1).all()


def test_an_interrupt_from_the_keyboard_keeps_what_is_done():
    objective, plane, window = neuron("two_points")
    asked = []

    def stop():
        asked.append(None)
        if len(asked) > 30:
            raise KeyboardInterrupt
        return False

    with pytest.warns(RuntimeWarning, match="interrupted with 64 of 256 starts done"):
        found = basins(objective, plane, grid_of(window, 16), "gd", 0.3, 20, chunk_size=64, stop=stop, **QUIET)
    assert int((found.status == 1).sum()) == 64


def test_attributes_say_how_a_map_was_made(tmp_path):
    objective, plane, window = neuron("two_points")
    found = basins(objective, plane, grid_of(window, 5), "momentum", 0.1, 10, {"nesterov": True}, **QUIET)
    attrs = found.attrs
    assert (attrs["optimizer"], attrs["lr"], attrs["steps"]) == ("torch.optim.sgd.SGD", 0.1, 10)
    assert json.loads(attrs["options"]) == {"momentum": 0.9, "nesterov": True}
    assert json.loads(attrs["extents"]) == {label: list(window[label]) for label in ("w", "b")}
    assert {"model", "data", "theta_sha256", "versions", "seconds", "strategy", "created", "dtype"} <= set(attrs)
    found.to_netcdf(tmp_path / "basins.nc", engine="h5netcdf")
    assert (tmp_path / "basins.nc").stat().st_size > 0


def test_a_long_map_shows_a_bar(capsys, monkeypatch):
    objective, plane, window = neuron("two_points")
    monkeypatch.setattr(Walks, "seconds", 5.0)
    basins(objective, plane, grid_of(window, 5), "gd", 0.1, 10)
    assert "25 starts, 10 steps each, about 5.0 s" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"optimizer": "lbfgs"}, "treats every entry by itself.*LBFGS does not"),
        ({"optimizer": torch.optim.Adafactor}, "Adafactor does not"),
        ({"optimizer": "newton"}, "expected one of gd"),
        ({"options": {"speed": 1}}, "expected a rate and options"),
        ({"lr": ()}, "expected a finite learning rate"),
        ({"lr": (0.1, 0.1)}, "several different ones"),
        ({"lr": float("nan")}, "expected a finite learning rate"),
        ({"lr": (0.1, -2.0)}, r"expected a rate and options that SGD takes; got lr = -2\.0"),
        ({"steps": -1}, "steps of at least 0"),
        ({"tolerance": 0.0}, "tolerance above 0"),
        ({"chunk_size": 0}, "chunk_size of at least 1"),
        ({"grid": Grid.square(1.0, 3)}, "labels"),
    ],
)
def test_refusals(change, words):
    objective, plane, window = neuron("two_points")
    given = {"grid": grid_of(window, 3), "optimizer": "gd", **change, **QUIET}
    with pytest.raises(ValueError, match=words):
        basins(objective, plane, **given)


def test_a_class_of_ones_own_is_walked_too():
    objective, plane, window = neuron("two_points")
    found = basins(objective, plane, grid_of(window, 3), torch.optim.NAdam, 0.1, 30, **QUIET)
    path = explorer.descend(objective, plane.at([-4.0, 4.0]), torch.optim.NAdam, 0.1, 30)
    # As for the others, in 30 steps.
    np.testing.assert_allclose(found.final.sel(w=-4, b=4), path.thetas[-1], rtol=0, atol=1e-11)


class Stubborn(nn.Module):
    """A model that looks at values, which no batched evaluation allows."""

    def __init__(self):
        super().__init__()
        self.at = nn.Parameter(torch.ones(2, dtype=torch.float64))

    def forward(self):
        return self.at.square().sum() if self.at[0].item() > 0 else self.at.abs().sum()


def test_gradients_of_many_are_those_of_each():
    stubborn = Objective(Stubborn(), terms={"value": lambda model: model()})
    wide = nn.Linear(20, 1).double()
    x = torch.randn(6, 20, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    cases = {
        "traced vmap": neuron("noisy")[0],
        "vmap": Objective(wide, nn.MSELoss(), (x, x[:, :1])),
        "loop": stubborn,
    }
    for name, objective in cases.items():
        evaluate, way = gradients_of(objective, 5)
        assert way == name
        thetas = torch.randn(5, objective.layout.size, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
        losses, gradients = evaluate(thetas)
        for theta, loss, gradient in zip(thetas, losses, gradients, strict=True):
            leaf = theta.clone().requires_grad_()
            value = objective(leaf)
            # Sums of a few dozen products of order 1, in another order.
            assert loss.item() == pytest.approx(value.item(), rel=1e-13)
            torch.testing.assert_close(gradient, torch.autograd.grad(value, leaf)[0], rtol=1e-12, atol=1e-14)


def test_traced_graphs_for_two_sizes_are_kept_apart():
    network = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)).double()
    x = torch.randn(8, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    objective = Objective(network, nn.MSELoss(), (x, x[:, :1]))
    thetas = torch.randn(9, 13, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    (nine, name), (four, _) = gradients_of(objective, 9), gradients_of(objective, 4)
    assert name == "traced vmap"
    for whole, part in zip(nine(thetas), four(thetas[:4]), strict=True):
        # Products of other lengths may be summed in another order.
        torch.testing.assert_close(whole[:4], part, rtol=1e-13, atol=1e-14)


PEAK = """
import torch
torch.set_num_threads(1)
from explorer import Grid, basins, directions
from tests.benchmarks.harness.machine import resident_kilobytes
from tests.benchmarks.work.neuron_work import Size, objective_of
objective = objective_of(Size(samples=1000), torch.float64)
plane = directions.axes(objective, "w", "b")
def run(points):
    basins(objective, plane, Grid({"w": (-4, 4, points), "b": (-4, 4, points)}), "gd", 0.1, 1, progress=False)
run(20)
before = resident_kilobytes("VmRSS")
run(150)
print((resident_kilobytes("VmHWM") - before) / 1024)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_is_bounded():
    done = subprocess.run([sys.executable, "-c", PEAK], capture_output=True, text=True, check=True)
    # One tensor of all starts and data would take 180 MB.
    assert float(done.stdout) < 80


def test_the_benchmark_runs_at_toy_size():
    size = Descents(points=4, steps=5, looped=2)
    lines = list(bench_basins.lines(size, 1, apart=False, patience=0.0, least_seconds=1e-9))
    assert sum(line.startswith("basins, ") for line in lines) == 4
    assert sum(" x torch.optim loop" in line for line in lines) == 4


def test_a_map_beats_the_loop_by_far():
    size = Descents(points=96, steps=60, looped=3)
    how = {"apart": False, "patience": 0.0, "least_seconds": 1e-9}
    loop, mapped = measure(bench_basins.contenders(size, ("gd",)), rounds=3, **how)
    # Above a thousand is usual; a twentieth of that leaves room for noise.
    assert table.ratio(mapped, [loop]) > 50


def test_a_rate_that_blows_everything_up_is_no_fault_of_the_optimizers():
    objective, plane, window = neuron("two_points")
    found = basins(objective, plane, grid_of(window, 5), "gd", lr=1e300, steps=5, progress=False)
    assert found.final_loss.shape == (5, 5)
