import numpy as np
import pytest
import torch

from explorer.checkpoints.trajectory import Trajectory
from explorer.directions import along, between, principal, through
from explorer.directions.principal_components import random_walk


def walk(steps, parameters, seed=0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(steps, parameters, generator=generator, dtype=torch.float64).cumsum(0).to(dtype)


@pytest.mark.parametrize("centered", [False, True])
def test_directions_are_those_of_a_singular_value_decomposition(centered):
    thetas = walk(7, 40)
    plane = principal(thetas, centered=centered)
    spread = thetas - (thetas.mean(0) if centered else thetas[-1])
    _, sizes, rows = np.linalg.svd(spread.numpy(), full_matrices=False)
    # The gap between the first components is of order 1, so vectors are as exact as the Gram matrix: T eps.
    assert np.abs(plane.basis.numpy() @ rows[:2].T) == pytest.approx(np.eye(2), abs=1e-12)
    assert plane.made["explained"] == pytest.approx((sizes**2 / (sizes**2).sum()).tolist(), abs=1e-14)
    assert torch.equal(plane.origin, thetas[-1])
    assert (plane.made["kind"], plane.made["centered"]) == ("principal", centered)


def test_unit_orthogonal_and_of_fixed_sign():
    plane = principal(walk(6, 30), count=3)
    torch.testing.assert_close(plane.basis @ plane.basis.T, torch.eye(3, dtype=torch.float64), rtol=0, atol=1e-14)
    largest = plane.basis.gather(1, plane.basis.abs().argmax(dim=1, keepdim=True))
    assert (largest > 0).all()
    assert plane.labels == ("alpha", "beta", "gamma")


def test_a_path_in_a_plane_lies_in_its_principal_plane():
    turn = torch.linspace(0, 2, 20, dtype=torch.float64)
    generator = torch.Generator().manual_seed(3)
    rows = torch.randn(2, 500, generator=generator, dtype=torch.float64)
    thetas = torch.stack([turn.cos(), turn * 2], dim=1) @ rows
    plane = principal(Trajectory.of(thetas))
    assert float(plane.offset(thetas).max()) < 1e-12
    assert sum(plane.made["explained"][:2]) == pytest.approx(1, abs=1e-14)


def test_a_long_random_walk_explains_60_8_and_15_2_percent():
    for centered, known in ((True, [6 / (np.pi * k) ** 2 for k in (1, 2, 3)]),
                            (False, [8 / (np.pi * (2 * k - 1)) ** 2 for k in (1, 2, 3)])):  # fmt: skip
        # A walk of T steps differs from the limit by order 1/T.
        assert random_walk([500], centered)[:3] == pytest.approx(known, abs=2e-3)
    assert random_walk([500], True)[:2] == pytest.approx([0.608, 0.152], abs=1e-3)


def test_a_random_walk_of_three_points():
    # About the last one: steps of length 1 give the matrix [2 1; 1 1], eigenvalues (3 +- sqrt 5) / 2.
    assert random_walk([3], False) == pytest.approx([(3 + 5**0.5) / 6, (3 - 5**0.5) / 6, 0], abs=1e-15)
    # About the mean: eigenvalues 1 and 1/3.
    assert random_walk([3], True) == pytest.approx([0.75, 0.25, 0], abs=1e-15)


@pytest.mark.parametrize("centered", [False, True])
def test_several_walks_from_one_start_show_what_the_baseline_says(centered):
    start = torch.zeros(1, 40_000, dtype=torch.float64)
    runs = {str(seed): Trajectory.of(torch.cat([start, walk(9 + seed, 40_000, seed)])) for seed in range(3)}
    made = principal(runs, centered=centered).made
    # As for one walk: inner products of steps are 0 +- 0.005 of their squared length.
    assert made["explained"] == pytest.approx(made["random_walk"], abs=0.01)
    assert (made["thetas"], made["runs"]) == (33, [10, 11, 12])
    # By hand: 0, e1 and 0, e2 about their mean (e1 + e2) / 4 have the eigenvalues 1 and 1/2.
    assert random_walk([2, 2], True) == pytest.approx([2 / 3, 1 / 3, 0, 0], abs=1e-15)


def test_the_plane_of_several_trajectories_is_that_of_all_their_thetas():
    runs = {name: Trajectory.of(walk(5, 30, seed)) for seed, name in enumerate("ab")}
    plane = principal(runs)
    assert torch.equal(plane.origin, runs["a"].thetas[-1])
    spread = torch.cat([run.thetas for run in runs.values()]) - plane.origin
    _, sizes, rows = np.linalg.svd(spread.numpy(), full_matrices=False)
    # As for one trajectory above.
    assert np.abs(plane.basis.numpy() @ rows[:2].T) == pytest.approx(np.eye(2), abs=1e-12)
    assert plane.made["explained"][:9] == pytest.approx((sizes**2 / (sizes**2).sum()).tolist()[:9], abs=1e-14)
    # They begin at different places: there is no such walk.
    assert "random_walk" not in plane.made
    with pytest.raises(ValueError, match="trajectories of one P and dtype"):
        principal({"a": runs["a"], "b": Trajectory.of(walk(5, 31))})
    with pytest.raises(ValueError, match=r"expected thetas \[T, P\]; got \[\]"):
        principal({})


def test_planes_along_a_path_pass_through_it_and_keep_its_frame():
    path = Trajectory.of(walk(7, 40), steps=range(0, 70, 10))
    plane = principal(path)
    moved = along(plane, path)
    assert [each.made["step"] for each in moved] == list(range(0, 70, 10))
    for each, theta in zip(moved, path.thetas, strict=True):
        # Sums of 40 terms of order 10: a few 1e-15 each.
        assert float(each.offset(theta)) < 1e-12
        torch.testing.assert_close(each.coordinates(path.thetas), plane.coordinates(path.thetas), rtol=0, atol=1e-12)
        assert each.made["of"] == plane.describe()["sha256"]
        assert torch.equal(each.basis, plane.basis)
    assert float(plane.offset(path.thetas[:-1]).min()) > 1
    with pytest.raises(ValueError, match=r"expected thetas \[T, 40\]"):
        along(plane, walk(3, 5))


@pytest.mark.parametrize("centered", [False, True])
def test_the_baseline_is_what_a_walk_in_many_dimensions_shows(centered):
    made = principal(walk(12, 40_000), centered=centered).made
    # Inner products of steps are 0 +- 1/sqrt(P) = 0.005 of their squared length.
    assert made["explained"] == pytest.approx(made["random_walk"], abs=0.01)
    assert len(made["random_walk"]) == 12
    assert sum(made["random_walk"]) == pytest.approx(1, abs=1e-12)


def test_half_precision_keeps_its_dtype():
    plane = principal(walk(5, 60, dtype=torch.bfloat16))
    assert plane.basis.dtype == torch.bfloat16
    # Rounded to 8 bits entry by entry.
    assert plane.describe()["norms"] == pytest.approx([1, 1], abs=4e-3)


def test_too_little_is_refused():
    with pytest.raises(ValueError, match="T > 2"):
        principal(walk(2, 5))
    line = torch.arange(5, dtype=torch.float64)[:, None] * torch.ones(1, 4, dtype=torch.float64)
    with pytest.raises(ValueError, match="spreads in fewer: use between"):
        principal(line)
    with pytest.raises(ValueError, match="spreads in fewer"):
        principal(torch.ones(4, 3))
    with pytest.raises(ValueError, match="expected finite thetas"):
        principal(torch.cat([walk(4, 5), torch.full((1, 5), torch.nan, dtype=torch.float64)]))


def test_a_trajectory_has_steps_and_losses():
    path = Trajectory.of([torch.zeros(3), torch.ones(3)], steps=[0, 50], losses=[1.0, 0.25])
    assert (len(path), path.steps.tolist(), path.losses.tolist()) == (2, [0, 50], [1.0, 0.25])
    assert Trajectory.of(torch.zeros(3, 2)).steps.tolist() == [0, 1, 2]
    for wrong in ({"steps": [0]}, {"steps": [1, 1]}, {"steps": [0.5, 1.5]}, {"losses": [1.0]}):
        with pytest.raises(ValueError, match="expected"):
            Trajectory.of(torch.zeros(2, 2), **wrong)
    with pytest.raises(ValueError, match=r"thetas \[T, P\]"):
        Trajectory.of(torch.zeros(3))


@pytest.mark.parametrize("way", ["principal", "between", "through", "trajectory", "along", "coordinates", "offset"])
def test_complex_thetas_are_refused_with_what_to_do(way):
    thetas = torch.randn(4, 3, dtype=torch.complex64)
    plane = principal(torch.randn(4, 3))
    ways = {
        "principal": lambda: principal(thetas),
        "between": lambda: between(*thetas[:2]),
        "through": lambda: through(*thetas[:3]),
        "trajectory": lambda: Trajectory.of(thetas),
        "along": lambda: along(plane, thetas),
        "coordinates": lambda: plane.coordinates(thetas),
        "offset": lambda: plane.offset(thetas),
    }
    message = "complex64: of complex parameters theta holds both parts, as objective.layout.flatten"
    with pytest.raises(ValueError, match=r"expected real thetas" if way in ("coordinates", "offset") else message):
        ways[way]()


def test_thetas_of_another_size_are_refused():
    with pytest.raises(ValueError, match=r"expected real thetas \[\.\.\., 3\]; got \(2, 4\)"):
        principal(torch.randn(4, 3)).coordinates(torch.zeros(2, 4))
