import json
from functools import partial

import numpy as np
import pytest
import torch
import xarray as xr
from torch import nn

import explorer
import models
from explorer import Grid, Objective, directions
from explorer.sweeps.evaluation.chunk_sizes import bytes_per_point, is_large, points_per_chunk
from tests.support import reference
from tests.support.cases import bowl, neuron
from tests.support.planes import random_plane

# The first forward-mode derivative in a process loads code of PyTorch that warns about PyTorch.
sweep = partial(explorer.sweep, quantities=("loss", "gradient"), report=False)

ALL = ("loss", "terms", "gradient", "gradient_norm", "curvature")
GRID = Grid({"w": (-4, 4, 9), "b": (-2, 3, 6)})
CPU = torch.device("cpu")
# Values and slopes are means of 7 terms of order 1 to 10; 100 roundings of them stay below 10 * 100 * eps.
CLOSE = {np.dtype("float64"): 2e-13, np.dtype("float32"): 1.2e-4}


def neuron_sweep(dtype=torch.float64, **options):
    objective = neuron(dtype).objective
    return sweep(objective, directions.axes(objective, "w", "b"), GRID, **options)


def network_objective(module=nn.Tanh):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 4), module(), nn.Linear(4, 1)).double()
    x = torch.randn(10, 2, dtype=torch.float64)
    return Objective(model, models.LOSSES["mse"](), (x, x.prod(dim=1, keepdim=True)))


def assert_same(found, expected):
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=0, atol=CLOSE[found[name].dtype], err_msg=str(name))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_sweep_is_the_double_loop(dtype):
    objective = neuron(dtype).objective
    plane = directions.axes(objective, "w", "b")
    found = sweep(objective, plane, GRID, quantities=("loss", "gradient", "gradient_norm"))
    assert_same(found, reference.swept(objective, plane, GRID))
    assert found["loss"].dtype == np.dtype(str(dtype).removeprefix("torch."))


def test_sweep_of_a_network_in_an_oblique_plane_is_the_double_loop():
    objective = network_objective()
    plane = random_plane(objective)
    grid = Grid.square(points=5)
    found = sweep(objective, plane, grid, quantities=("loss", "gradient", "gradient_norm"))
    assert found.attrs["strategy"] == "vmap"
    assert_same(found, reference.swept(objective, plane, grid))


def test_values_are_those_of_the_closed_form():
    case = neuron()
    found = neuron_sweep(quantities=ALL)
    for w in GRID.values["w"][::4]:
        for b in GRID.values["b"][::5]:
            here = found.sel(w=w, b=b)
            close = {"rtol": 0, "atol": 2e-13}
            np.testing.assert_allclose(here["loss"], case.loss(w, b), **close)
            np.testing.assert_allclose(here["gradient"], case.gradient(w, b), **close)
            np.testing.assert_allclose(here["gradient_norm"], case.gradient(w, b).norm(), **close)
            np.testing.assert_allclose(here["curvature"], case.hessian(w, b), **close)


def test_a_bowl_is_the_same_bowl_in_every_plane():
    model, objective = bowl()
    plane = random_plane(objective)
    found = sweep(objective, plane, Grid.square(points=4), quantities=ALL)
    expected = (plane.basis @ model.hessian @ plane.basis.T).numpy()
    np.testing.assert_allclose(found["curvature"], np.broadcast_to(expected, (4, 4, 2, 2)), rtol=0, atol=1e-12)
    theta = plane.at([found["alpha"].values[1], found["beta"].values[3]])
    np.testing.assert_allclose(found["gradient"][1, 3], plane.basis @ model.gradient(theta), rtol=0, atol=1e-12)


@pytest.mark.parametrize("chunk_size", [1, 7, 53, 54, 1000])
def test_results_do_not_depend_on_the_chunk_size(chunk_size):
    # Reductions over 7 samples may be ordered differently in other chunk shapes: some eps of values up to 10.
    expected = neuron_sweep(quantities=ALL)
    assert_same(neuron_sweep(quantities=ALL, chunk_size=chunk_size), {name: expected[name] for name in ALL})


@pytest.mark.parametrize("quantity", ALL)
def test_each_quantity_alone_is_what_it_is_among_all(quantity):
    alone = neuron_sweep(quantities=(quantity,))
    assert set(alone.data_vars) == {quantity, "status"}
    assert_same(alone, {quantity: neuron_sweep(quantities=ALL)[quantity]})


def test_dimensions_coordinates_and_status():
    found = neuron_sweep(quantities=ALL)
    assert found["loss"].dims == ("w", "b")
    assert found["terms"].dims == ("w", "b", "term")
    assert found["gradient"].dims == ("w", "b", "direction")
    assert found["curvature"].dims == ("w", "b", "direction", "direction_2")
    assert found["direction"].values.tolist() == ["w", "b"]
    assert np.array_equal(found["b"], GRID.values["b"])
    assert found["status"].dtype == np.int8
    assert (found["status"] == 1).all()


def test_axes_are_not_swapped():
    model = models.MODELS["tanh_neuron"]()
    objective = Objective(model, terms={"slope": lambda model: 100 * model.w + model.b})
    found = sweep(objective, directions.axes(objective, "w", "b"), GRID)
    w, b = (GRID.values[label] for label in ("w", "b"))
    # 100 w + b is one product and one sum of numbers up to 400: 2 eps * 400.
    np.testing.assert_allclose(found["loss"], 100 * w[:, None] + b[None, :], rtol=0, atol=2e-13)
    assert (found["gradient"] == np.array([100.0, 1.0])).all()


def test_terms_are_kept_apart_and_unweighted():
    objective = Objective(
        models.MODELS["tanh_neuron"](),
        terms={"one": lambda model: model.w**2, "two": lambda model: model.b**2},
        weights={"two": 10.0},
    )
    found = sweep(objective, directions.axes(objective, "w", "b"), GRID, quantities=("loss", "terms"))
    assert found["term"].values.tolist() == ["one", "two"]
    total = found["terms"].sel(term="one") + 10 * found["terms"].sel(term="two")
    np.testing.assert_allclose(found["loss"], total, rtol=4e-16)
    assert json.loads(found.attrs["weights"]) == {"one": 1.0, "two": 10.0}


def test_a_line_is_a_landscape():
    objective = neuron().objective
    line = directions.axes(objective, "w")
    found = sweep(objective, line, Grid({"w": (-1, 1, 5)}), quantities=ALL)
    assert found["curvature"].shape == (5, 1, 1)


def test_nan_and_infinity_are_results():
    objective = Objective(models.MODELS["tanh_neuron"](1.0, 1.0), terms={"log": lambda m: m.w.log() + 1 / m.b.abs()})
    grid = Grid({"w": (-1, 1, 3), "b": (-1, 1, 3)})
    found = sweep(objective, directions.axes(objective, "w", "b"), grid)
    assert np.isnan(found["loss"][0]).all()
    assert np.isneginf(found["loss"][1, 0])
    assert np.isposinf(found["loss"][2, 1])
    assert np.isfinite(found["gradient"].values[2, [0, 2]]).all()
    assert json.loads(found.attrs["nonfinite"])["loss"] == 3 + 3 + 1
    assert (found["status"] == 1).all()


def distance(theta):
    return theta.norm()


def biggest(theta):
    return max(theta.tolist())


def pair(theta):
    return theta[:2]


def test_a_function_of_theta_is_a_quantity():
    found = neuron_sweep(quantities=("loss", distance, biggest))
    w, b = np.meshgrid(*GRID.values.values(), indexing="ij")
    np.testing.assert_allclose(found["distance"], np.hypot(w, b), rtol=4e-16)
    assert np.array_equal(found["biggest"], np.maximum(w, b))


@pytest.mark.parametrize(
    ("quantities", "message"),
    [
        ((), "sequence of quantities"),
        ("loss", "sequence of quantities"),
        (("los",), "got 'los'"),
        (("loss", "loss"), "each quantity once"),
        ((lambda theta: theta.sum(),), "a name of its own"),
        ((pair,), "to be a scalar"),
    ],
)
def test_other_quantities_are_refused(quantities, message):
    with pytest.raises(ValueError, match=message):
        neuron_sweep(quantities=quantities)


def test_a_term_that_calls_autograd_itself():
    t = torch.linspace(0, 1, 5, dtype=torch.float64)

    def slope(model):
        times = t.clone().requires_grad_()
        return torch.autograd.grad(model(times).sum(), times, create_graph=True)[0].square().mean()

    objective = Objective(models.MODELS["tanh_neuron"](), terms={"slope": slope})
    plane = directions.axes(objective, "w", "b")
    expected = reference.swept(objective, plane, GRID)
    for quantities in (("loss",), ("loss", "gradient")):
        found = sweep(objective, plane, GRID, quantities=quantities)
        assert_same(found, {name: expected[name] for name in quantities})


def test_a_model_without_vmap_is_looped():
    class Branching(nn.Tanh):
        def forward(self, x):
            return super().forward(x) if x.sum().item() < 1e9 else x

    objective, plain = network_objective(Branching), network_objective()
    plane = random_plane(objective)
    grid = Grid.square(points=4)
    found = sweep(objective, plane, grid, quantities=ALL)
    assert found.attrs["strategy"] == "loop"
    expected = sweep(plain, plane, grid, quantities=ALL)
    assert expected.attrs["strategy"] == "vmap"
    for name in ALL:
        np.testing.assert_allclose(found[name], expected[name], rtol=0, atol=1e-11)


def test_a_loss_that_is_detached_from_theta_has_no_slope():
    objective = Objective(models.MODELS["tanh_neuron"](), terms={"detached": lambda model: model.w.detach().square()})
    found = sweep(objective, directions.axes(objective, "w", "b"), GRID)
    assert not found["gradient"].any()


def test_dtype_is_that_of_the_evaluation():
    objective = neuron().objective
    double = sweep(objective, directions.axes(objective, "w", "b"), GRID)
    single = sweep(objective, directions.axes(objective, "w", "b"), GRID, dtype=torch.float32)
    assert (single["gradient"].dtype, single.attrs["dtype"]) == (np.float32, "float32")
    assert_same(single, {"loss": double["loss"], "gradient": double["gradient"]})


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_gpu_and_cpu_agree():
    objective = network_objective()
    plane = random_plane(objective)
    grid = Grid.square(points=5)
    cpu = sweep(objective, plane, grid, quantities=ALL)
    gpu = sweep(objective, plane, grid, quantities=ALL, device="cuda")
    assert gpu.attrs["device"].startswith("cuda")
    for name in ALL:
        # tanh and sums differ by some eps between the two; values up to 100 here.
        np.testing.assert_allclose(gpu[name], cpu[name], rtol=1e-11, atol=1e-11)


def test_provenance():
    attrs = neuron_sweep().attrs
    assert json.loads(attrs["labels"]) == ["w", "b"]
    assert json.loads(attrs["extents"]) == {"w": [-4.0, 4.0], "b": [-2.0, 3.0]}
    assert json.loads(attrs["points"]) == {"w": 9, "b": 6}
    plane = json.loads(attrs["basis"])
    assert len(plane.pop("sha256")) == len(attrs["theta_sha256"]) == 64
    assert plane == {
        "labels": ["w", "b"],
        "norms": [1.0, 1.0],
        "cosines": [0.0],
        "origin": [0.0, 0.0],
        "basis": [[1.0, 0.0], [0.0, 1.0]],
        "made": {"kind": "axes"},
    }
    assert json.loads(attrs["data"])["inputs"] == [7]
    assert json.loads(attrs["versions"])["torch"] == torch.__version__
    assert (attrs["model"], attrs["dtype"], attrs["device"]) == ("TanhNeuron", "float64", "cpu")
    assert attrs["seconds"] > 0


@pytest.mark.parametrize(("engine", "needs"), [("scipy", "scipy"), ("h5netcdf", "h5py")])
def test_survives_netcdf(tmp_path, engine, needs):
    pytest.importorskip(needs)
    found = neuron_sweep(quantities=ALL)
    found.to_netcdf(tmp_path / "landscape.nc", engine=engine)
    with xr.open_dataset(tmp_path / "landscape.nc", engine=engine) as back:
        xr.testing.assert_identical(back.load(), found)


def test_what_does_not_fit_is_refused():
    objective = neuron().objective
    plane = directions.axes(objective, "w", "b")
    with pytest.raises(ValueError, match=r"plane's labels \('w', 'b'\); got \('b', 'w'\)"):
        sweep(objective, plane, Grid({"b": (0, 1, 2), "w": (0, 1, 2)}))
    with pytest.raises(ValueError, match=r"use plane\.to"):
        sweep(objective, plane.to(dtype=torch.float32), GRID)
    for chunk_size in (0, 1.5):
        with pytest.raises(ValueError, match="whole chunk_size of at least 1"):
            sweep(objective, plane, GRID, chunk_size=chunk_size)
    with pytest.raises(ValueError, match="True, False or \"full\"; got 'FULL'"):
        explorer.sweep(objective, plane, GRID, report="FULL")

    def w(theta):
        return theta.sum()

    with pytest.raises(ValueError, match=r"other names than the axes \('w', 'b'\); got w"):
        sweep(objective, plane, GRID, quantities=("loss", w))


def test_bytes_per_point_count_the_graph_but_not_the_data():
    small = neuron().objective
    wanted = explorer.quantities.read_quantities(("loss",))
    case = neuron()
    double = Objective(
        models.MODELS["tanh_neuron"](), models.LOSSES["mse"](), (case.x.repeat(1000), case.y.repeat(1000))
    )
    # Two tensors of D float64 at least (the output of tanh, the residual), and far less than ten.
    assert 2 * 8 * 7000 <= bytes_per_point(double, wanted, 2) < 10 * 8 * 7000
    assert bytes_per_point(small, wanted, 2) < bytes_per_point(double, wanted, 2) / 500


def test_chunks_fit_the_cache_but_are_not_too_few():
    assert points_per_chunk(1024, CPU) == 4096
    assert points_per_chunk(1 << 20, CPU) == 64
    assert points_per_chunk(8 << 20, CPU) == 8
    assert points_per_chunk(1 << 30, CPU) == 1
    assert is_large(1 << 30)
    assert not is_large(1 << 20)


def test_progress_is_on_stderr_only_for_those_who_wait(capsys, monkeypatch):
    neuron_sweep(chunk_size=5)
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr("explorer.sweeps.progress._PATIENCE", -1.0)
    neuron_sweep(chunk_size=5, progress=False)
    assert capsys.readouterr() == ("", "")
    neuron_sweep(chunk_size=5)
    out, err = capsys.readouterr()
    assert out == ""
    assert "54 points, about" in err
    assert "54/54" in err
