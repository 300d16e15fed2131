"""The point of a slice: exact by autograd where the objective may be loaded, and then checked; ≈ off the sweep else."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from explorer.dashboard.stores.folder import Folder
from explorer.dashboard.stores.objectives.exact import exact, projected
from explorer.dashboard.stores.objectives.trust import Trust, UnloadableError, source_of
from explorer.dashboard.stores.point import point_numbers
from explorer.dashboard.stores.shown import shown
from explorer.dashboard.stores.state import State
from tests.support.page.objectives_here import ObjectivesHere
from tests.support.slice_cases import make_store, network, oblique

TRUSTED = Trust(modules=("tests",))
CASES = "tests.support.slice_cases"


def at(root: Path, name: str = "x.zarr", trust: Trust = TRUSTED, **state: Any) -> dict[str, Any]:
    asked = State(store=name, **state)
    return point_numbers(asked, shown(name, asked, Folder(root)), ObjectivesHere(trust))


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("stores")
    make_store(root, "x.zarr")
    make_store(root, "seeds.zarr", points=(9, 9), planes=3)
    make_store(root, "line.zarr", points=(9,), planes=3)
    return root


def truth(a: float, b: float, seed: int = 1) -> tuple[float, torch.Tensor, torch.Tensor]:
    """Loss and gradient at (a, b) by plain autograd through the objective, and the basis."""
    objective = network()
    plane = oblique(objective, seed)
    theta = plane.at((a, b)).requires_grad_()
    loss = objective(theta)
    (gradient,) = torch.autograd.grad(loss, theta)
    return loss.item(), gradient, plane.basis


def test_the_numbers_are_those_of_plain_autograd(root: Path) -> None:
    found = at(root, a=0.3217, b=-0.4141)
    loss, gradient, basis = truth(0.3217, -0.4141)
    assert found["source"] == "torch"
    assert found["values"]["loss"] == pytest.approx(loss, rel=1e-14)
    assert found["gradient"] == pytest.approx((basis @ gradient).tolist(), rel=1e-12)
    assert found["norm"] == pytest.approx(gradient.norm().item(), rel=1e-12)
    model = network()
    assert found["values"]["accuracy"] == model.metrics(oblique(model).at((0.3217, -0.4141)))["accuracy"].item()
    # Read off the sweep it is near, not equal: 17 x 13 points.
    assert found["swept"]["loss"] == pytest.approx(loss, rel=0.01)
    assert found["swept"]["loss"] != found["values"]["loss"]


def test_the_projection_is_that_onto_the_span(root: Path) -> None:
    found = at(root, a=0.5, b=0.25)
    _, gradient, basis = truth(0.5, 0.25)
    # By another way: an orthonormal basis of the same span.
    unit = torch.linalg.qr(basis.T).Q
    inside = unit @ (unit.T @ gradient)
    assert found["in_plane"] == pytest.approx(inside.norm().item(), rel=1e-12)
    assert found["share"] == pytest.approx((inside.norm() / gradient.norm()).item(), rel=1e-12)
    coordinates = torch.tensor(found["coordinates"], dtype=torch.float64)
    torch.testing.assert_close(coordinates @ basis, inside, rtol=1e-11, atol=1e-13)


def test_a_gradient_in_the_plane_is_all_there_and_one_across_is_not() -> None:
    basis = oblique(network()).basis
    inside = 2.0 * basis[0] - 3.0 * basis[1]
    found = projected(basis, inside)
    assert found["coordinates"] == pytest.approx([2, -3], rel=1e-12)
    assert found["in_plane"] == pytest.approx(found["norm"], rel=1e-12)
    across = torch.linalg.qr(torch.cat([basis, torch.ones(1, basis.shape[1])]).T).Q[:, 2]
    assert projected(basis, across)["in_plane"] == pytest.approx(0, abs=1e-7)


def test_without_a_factory_the_arrow_is_read_off_the_sweep(root: Path) -> None:
    known, read = at(root, a=-0.375, b=0.25), at(root, trust=Trust(), a=-0.375, b=0.25)
    assert read["source"] == "swept"
    assert "--trust tests" in read["why"]
    assert at(root, a=-1.0, b=1.5)["apart"] == pytest.approx(0, abs=1e-12)
    for name in ("share", "norm", "in_plane"):
        # Linear between points a seventeenth apart; at -0.375 and 0.25 there is a point of the grid.
        assert read[name] == pytest.approx(known[name], rel=0.02)
    assert read["coordinates"] == pytest.approx(known["coordinates"], rel=0.05, abs=0.01)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_each_seed_has_its_own_plane(root: Path, seed: int) -> None:
    found = at(root, "seeds.zarr", seed=seed, a=0.75, b=-0.5)
    loss, gradient, basis = truth(0.75, -0.5, seed)
    assert found["values"]["loss"] == pytest.approx(loss, rel=1e-13)
    assert found["gradient"] == pytest.approx((basis @ gradient).tolist(), rel=1e-11)
    read = at(root, "seeds.zarr", trust=Trust(), seed=seed, a=0.875, b=-0.6875)
    known = at(root, "seeds.zarr", seed=seed, a=0.875, b=-0.6875)
    # At a point of the grid nothing is read between points: only the gram matrix of the plane is put to the test.
    assert read["coordinates"] == pytest.approx(known["coordinates"], rel=1e-9)


def test_a_line_has_one_coordinate(root: Path) -> None:
    found = at(root, "line.zarr", a=0.25)
    assert found["source"] == "torch"
    assert len(found["gradient"]) == len(found["at"]) == 1


@pytest.mark.parametrize(
    ("attrs", "said"),
    [
        ({"theta_sha256": "0" * 64}, "SHA-256 of theta"),
        ({"data": '{"samples": 1}'}, "its data"),
        ({"loss_name": "MSELoss()"}, "its loss"),
        ({"source": json.dumps({"factory": "tests.support.slice_cases:network", "kwargs": {"seed": 8}})}, "its data"),
        (
            {"source": json.dumps({"factory": "tests.support.slice_cases:oblique", "kwargs": {}})},
            "returns an Objective",
        ),
        (
            {"source": json.dumps({"factory": CASES + ":network", "kwargs": {"seed": "8"}})},
            "seed to be a whole number; got '8'",
        ),
        (
            {"source": json.dumps({"factory": CASES + ":network", "kwargs": {"seed": True}})},
            "seed to be a whole number; got True",
        ),
        ({"source": json.dumps({"factory": CASES + ":network", "kwargs": {"folder": "x"}})}, "unexpected keyword"),
        ({"source": json.dumps({"factory": CASES + ":network", "kwargs": {"seed": {}}})}, "a number, a text"),
        (
            {"source": json.dumps({"factory": "tests.support.slice_cases:accuracy", "kwargs": {"a": 1}})},
            "returns an Objective",
        ),
        ({"source": json.dumps({"factory": "tests.support.slice_cases:sweep", "kwargs": {}})}, "not defined in"),
        ({"source": json.dumps({"factory": "tests.nowhere:network", "kwargs": {}})}, "could not be loaded"),
        ({"source": json.dumps({"factory": "os:system", "kwargs": {"command": "true"}})}, "may not call os:system"),
        ({"source": json.dumps({"factory": "testsuite:network", "kwargs": {}})}, "may not call testsuite:network"),
        ({"source": "{}"}, "does not say which function"),
        ({"source": '{"factory": 7}'}, "cannot be read"),
        ({"source": '{"factory": "tests.support.slice_cases:network", "kwargs": []}'}, "cannot be read"),
        ({"source": "not json"}, "does not say which function"),
        ({"dtype": "load"}, "which dtype"),
        ({"dtype": "int64"}, "which dtype"),
    ],
)
def test_another_objective_is_refused_by_naming_what_differs(tmp_path: Path, attrs: dict[str, Any], said: str) -> None:
    make_store(tmp_path, "x.zarr", points=(5, 5), attrs=attrs)
    found = at(tmp_path)
    assert found["source"] == "swept"
    assert said in found["why"]
    assert found["values"] == found["swept"]


WORDS = ("os:system", CASES + ":os.system", "tests:x y", "tests/../os:system", ":x", CASES,
         CASES + ":", "__main__:x", "tests\n:x", "a" * 999)  # fmt: skip


@pytest.mark.parametrize("words", WORDS)
def test_no_factory_outside_the_trusted_modules_is_named(words: str) -> None:
    with pytest.raises(UnloadableError):
        source_of({"source": json.dumps({"factory": words, "kwargs": {}})}, TRUSTED)


def test_terms_are_measured_too() -> None:
    from explorer import Objective
    from explorer.dashboard.stores.objectives.exact import Ready
    from models import MODELS

    objective = Objective(MODELS["tanh_neuron"](), terms={"one": lambda model: model.w**2, "two": lambda m: 3 * m.b},
                          weights={"two": 2.0})  # fmt: skip
    basis = torch.eye(2, dtype=torch.float64)[None]
    found = exact(Ready(objective, torch.zeros(2, dtype=torch.float64), basis), 0, (2.0, 1.0))
    assert found["values"] == {"loss": 10.0, "one": 4.0, "two": 3.0}
    assert found["gradient"] == [4.0, 6.0]
    assert found["norm"] == pytest.approx(np.sqrt(52))


def test_the_sweep_and_torch_that_disagree_at_a_grid_point_are_told(tmp_path: Path) -> None:
    make_store(tmp_path, "x.zarr", points=(5, 5), change=lambda found: found.assign(loss=1.01 * found["loss"]))
    assert at(tmp_path, a=-1.0, b=-1.0)["apart"] == pytest.approx(0.01 / 1.01, rel=1e-6)
    assert at(tmp_path, a=-0.9, b=-1.0)["apart"] is None
