import json
import math
import re

import pytest
import torch
from torch import nn

from explorer import Grid, Objective, Plane, directions, sweep
from explorer.checklist import findings as looked_at
from explorer.checklist import report
from explorer.checklist.inspection import Inspection
from tests.support.cases import least_squares, neuron
from tests.support.hessian_cases import bowl_with, network
from tests.support.reference import dense_hessian, value_and_gradient

SLOPES = ("loss", "gradient")


def findings(objective, plane, grid=None, **given):
    grid = grid or Grid(dict.fromkeys(plane.labels, (-1.0, 1.0, 5)))
    landscape = sweep(objective, plane, grid, **{"quantities": SLOPES, "progress": False, "report": False} | given)
    found = looked_at(objective, plane if isinstance(plane, Plane) else plane[0], grid, landscape)
    json.dumps(found, allow_nan=False)
    return {each["name"]: each for each in found}


def through_own(objective, *rows):
    basis = torch.stack([torch.as_tensor(row, dtype=objective.dtype) for row in rows])
    return Plane(objective.theta, basis)


def test_a_sound_plane_of_a_quadratic():
    objective = least_squares(parameters=6).objective
    plane = directions.gaussian(objective, skip=())
    found = findings(objective, plane)
    theta = objective.theta
    loss, slope = value_and_gradient(objective, theta)
    exact = dense_hessian(objective, theta)
    span = torch.linalg.qr(plane.basis.T).Q.T

    assert found["center"]["status"] == "ok"
    # All are the same sums, in float64.
    assert [found["center"]["values"][name] for name in ("own", "plane", "grid")] == pytest.approx(
        [loss] * 3, rel=1e-14
    )
    gradient = found["gradient"]["values"]
    assert gradient["norm"] == pytest.approx(float(slope.norm()), rel=1e-13)
    assert gradient["share"] == pytest.approx(float((span @ slope).norm() / slope.norm()), rel=1e-12)
    assert gradient["random"] == pytest.approx((2 / 6) ** 0.5, rel=1e-15)
    curvature = found["curvature"]["values"]
    inside = torch.linalg.eigvalsh(span @ exact @ span.T)
    outer = torch.linalg.eigvalsh(exact)
    assert curvature["in_plane"] == pytest.approx(inside.tolist(), rel=1e-12)
    # Six products span everything: exact up to rounding.
    assert curvature["all"] == pytest.approx([outer[0].item(), outer[-1].item()], rel=1e-12)
    assert curvature["share"] == pytest.approx(float(inside[-1] / outer[-1]), rel=1e-12)
    assert found["curvature"]["status"] == "info"
    assert found["finite"] == {
        "name": "finite", "status": "ok", "text": "All 25 points have finite values.", "values": {"points": 0}
    }  # fmt: skip
    assert found["precision"]["status"] == "ok"
    assert found["data"]["values"] == {"samples": 20}


def test_curvature_is_per_unit_length_whatever_the_basis():
    objective = network(10)
    plane = directions.gaussian(objective, skip=())
    oblique = Plane(plane.origin, torch.stack([3 * plane.basis[0], plane.basis[1] - 5 * plane.basis[0]]))
    first, second = (findings(objective, each)["curvature"]["values"]["in_plane"] for each in (plane, oblique))
    assert first == pytest.approx(second, rel=1e-11)


def test_a_center_that_is_not_the_models_own_is_told(monkeypatch):
    objective = least_squares().objective
    monkeypatch.setattr(Objective, "own_value", lambda self: {"loss": 123.0})
    found = findings(objective, directions.gaussian(objective))["center"]
    assert found["status"] == "warn"
    assert "The model's own loss is 123;" in found["text"]
    assert "not what the model computes" in found["text"]


def test_half_precision_does_not_hide_another_center(monkeypatch):
    objective = least_squares().objective.to(dtype=torch.bfloat16)
    own = objective.own_value()["loss"]
    plane = directions.gaussian(objective)
    assert findings(objective, plane)["center"]["status"] == "ok"
    monkeypatch.setattr(Objective, "own_value", lambda self: {"loss": 1.3 * own})
    assert findings(objective, plane)["center"]["status"] == "warn"


def test_what_is_left_of_an_exact_fit_is_no_difference(monkeypatch):
    objective = Objective(Scalar(0.0), terms={"bowl": lambda m: m.w**2})
    monkeypatch.setattr(Objective, "own_value", lambda self: {"loss": 1e-17})
    assert findings(objective, through_own(objective, [1.0]))["center"]["status"] == "ok"


def test_a_model_off_the_plane_or_off_the_grid_is_told():
    objective = least_squares(parameters=3).objective
    theta = objective.theta
    up = Plane(theta + torch.tensor([0.0, 0.0, 2.0]), torch.eye(3, dtype=torch.float64)[:2])
    found = findings(objective, up)["center"]
    assert (found["status"], found["values"]["offset"]) == ("info", pytest.approx(2, rel=1e-14))
    assert "off the plane" in found["text"]
    even = Grid({"alpha": (-1.0, 1.0, 4), "beta": (-1.0, 1.0, 4)})
    found = findings(objective, directions.gaussian(objective), even)["center"]
    assert (found["status"], found["values"]["grid"]) == ("ok", None)
    assert "the grid has no point there" in found["text"]


def test_the_lessons_plane_and_a_line():
    objective = neuron().objective
    found = findings(objective, directions.axes(objective, "w", "b"))
    assert (found["center"]["status"], found["center"]["values"]["at"]) == ("ok", [0.0, 0.0])
    assert "radius" not in found
    line = directions.between(objective.theta, objective.theta + 1)
    found = findings(objective, line, Grid({"alpha": (0.0, 1.0, 5)}))
    assert found["center"]["status"] == "ok"
    assert found["directions"]["values"]["norms"] == pytest.approx([2**0.5], rel=1e-15)


def test_oblique_directions_are_told():
    objective = least_squares(parameters=5000, samples=2).objective
    generator = torch.Generator().manual_seed(0)
    a, b = torch.randn(2, 5000, generator=generator, dtype=torch.float64)
    assert findings(objective, through_own(objective, a, b))["directions"]["status"] == "ok"
    oblique = findings(objective, through_own(objective, a, a + b))["directions"]
    assert (oblique["status"], oblique["values"]["cosine"]) == ("warn", pytest.approx(0.5**0.5, abs=0.02))
    slightly = directions.hessian(network(8))
    bent = Plane(slightly.origin, slightly.basis + 0.01 * slightly.basis[0], made=slightly.made)
    assert findings(network(8), bent)["directions"]["status"] == "warn"


def test_a_saddle_that_the_picture_hides_is_told():
    objective, vectors = bowl_with([-2.0, 1.0, 2.0, 5.0])
    hidden = findings(objective, through_own(objective, *vectors.T[[2, 3]]))["curvature"]
    assert (hidden["status"], hidden["values"]["all"]) == ("warn", pytest.approx([-2, 5], abs=1e-13))
    assert "the origin is no minimum" in hidden["text"]
    seen = findings(objective, through_own(objective, *vectors.T[[0, 3]]))["curvature"]
    assert (seen["status"], seen["values"]["share"]) == ("info", pytest.approx(1, rel=1e-13))


def numbers_of(pattern, text):
    return [float(each) for each in re.search(pattern.replace("N", r"(-?\d[\d.e+-]*)"), text).groups()]


def hidden_net(seed):
    """4-8-8-1, tanh, P = 121: more than the products that a small picture allows."""
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 1)).double()
    x, y = torch.randn(30, 4, dtype=torch.float64), torch.randn(30, 1, dtype=torch.float64)
    return Objective(model, nn.MSELoss(), (x, y))


@pytest.mark.parametrize("seed", range(5))
def test_ritz_values_are_said_to_bound_the_extremes_from_inside(seed):
    objective = hidden_net(seed)
    exact = torch.linalg.eigvalsh(dense_hessian(objective, objective.theta))
    found = findings(objective, directions.gaussian(objective), Grid.square(points=11))["curvature"]
    pattern = r"the smallest is at most N and the largest at least N \(Ritz values after 10 products"
    low, high = numbers_of(pattern, found["text"])
    assert exact[0] <= low < 0 < high <= exact[-1]
    # The largest is known to all three digits, which are rounded down.
    assert high == pytest.approx(exact[-1].item(), rel=1e-2)
    (most,) = numbers_of(r"shows at most N %", found["text"])
    inside = found["values"]["in_plane"]
    assert max(map(abs, inside)) / float(exact.abs().max()) <= most / 100
    assert found["values"]["converged"] is False
    assert 'not converged: ask explorer.directions.hessian with which="smallest"' in found["text"]
    assert found["status"] == "warn"
    assert "the origin is no minimum" in found["text"]


def test_a_large_picture_lets_the_iteration_converge():
    objective = hidden_net(0)
    exact = torch.linalg.eigvalsh(dense_hessian(objective, objective.theta))
    found = findings(objective, directions.gaussian(objective), Grid.square(points=41))["curvature"]
    assert (found["values"]["converged"], found["values"]["exact"]) == (True, False)
    # A residual r, 1e-3 of the largest, makes an error of r^2 over the gap, here some tenths.
    assert found["values"]["all"] == pytest.approx([exact[0].item(), exact[-1].item()], abs=1e-4)
    assert "not converged" not in found["text"]


def test_all_products_within_the_budget_make_the_extremes_exact():
    # One eigenvalue below 0 by 0.6 % of the largest, among many: ten products would not come across it.
    spectrum = torch.cat([torch.tensor([-0.0381, 6.2], dtype=torch.float64), torch.linspace(0.1, 3, 38)])
    objective, vectors = bowl_with(spectrum)
    plane = through_own(objective, *vectors.T[[1, 5]])
    # 25 points allow 20 products, 2,601 with gradients 100.
    assert findings(objective, plane)["curvature"]["values"]["exact"] is False
    found = findings(objective, plane, Grid.square(points=51))["curvature"]
    assert found["values"]["all"] == pytest.approx([-0.0381, 6.2], abs=1e-13)
    assert (found["values"]["exact"], found["values"]["products"]) == (True, 40)
    assert "; -0.0381 to 6.2 over all directions. The picture shows 100 % of the largest" in found["text"]
    # Said, but below 1 % of the largest no alarm.
    assert (found["status"], "the origin is no minimum" in found["text"]) == ("info", True)
    spectrum[0] = -0.1
    objective, vectors = bowl_with(spectrum)
    deeper = findings(objective, through_own(objective, *vectors.T[[1, 5]]), Grid.square(points=51))["curvature"]
    assert (deeper["status"], "the origin is no minimum" in deeper["text"]) == ("warn", True)


def test_what_the_iteration_has_not_come_across_is_not_known():
    spectrum = torch.cat([torch.tensor([-1e-3, 6.2], dtype=torch.float64), torch.linspace(0.05, 3, 200)])
    objective, vectors = bowl_with(spectrum)
    away = through_own(objective, *vectors.T[[1, 5]])
    found = findings(objective, away)["curvature"]
    assert (found["status"], found["values"]["converged"]) == ("info", False)
    assert numbers_of("at most N and", found["text"])[0] > 0
    assert "Whether some directions curve downwards is not known." in found["text"]
    # What the picture itself shows counts.
    seen = findings(objective, through_own(objective, *vectors.T[[0, 5]]))["curvature"]
    assert seen["values"]["all"][0] == pytest.approx(-1e-3, abs=1e-13)
    assert "is not known" not in seen["text"]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_directions_that_change_nothing_are_not_downwards(dtype):
    # More parameters than samples: most eigenvalues are 0, up to rounding.
    objective = least_squares(samples=5, parameters=60).objective.to(dtype=dtype)
    found = findings(objective, directions.gaussian(objective))["curvature"]
    assert found["status"] == "info"
    assert "downwards" not in found["text"]


def test_a_curvature_that_is_no_number_is_told():
    objective = Objective(Scalar(0.0), terms={"root": lambda m: m.w.abs().sqrt()})
    found = findings(objective, through_own(objective, [1.0]))["curvature"]
    assert (found["status"], found["text"]) == ("info", "The curvature at the origin is NaN or infinite.")


@pytest.mark.parametrize("parameters", [4, 40], ids=["dense", "iterated"])
def test_a_curvature_that_is_no_number_elsewhere_is_told(parameters, monkeypatch):
    diagonal = torch.full((parameters,), math.nan, dtype=torch.float64)
    diagonal[:2] = 2.0

    def product(vector):
        return torch.where(vector == 0, 0.0, diagonal * vector)

    monkeypatch.setattr(Inspection, "product", lambda self, vector: product(vector))
    objective = least_squares(parameters=parameters).objective
    found = findings(objective, directions.axes(objective, "weight[0,0]", "weight[0,1]"))["curvature"]
    assert found["values"] == {"in_plane": [2, 2]}
    assert found["text"].endswith("2 in the picture; in other directions it is NaN or infinite.")


def test_holes_are_counted():
    objective = Objective(Scalar(1.0), terms={"log": lambda m: m.w.log()})
    found = findings(objective, through_own(objective, [1.0]), Grid({"alpha": (-3.0, 1.0, 5)}))
    # w = -2, -1, 0, 1, 2: two NaN and one -infinity; the gradient at 0 is infinite, and that of a NaN is finite or not.
    assert (found["finite"]["status"], found["finite"]["values"]["by_name"]["loss"]) == ("warn", 3)
    assert "3 of loss" in found["finite"]["text"]


class Pair(nn.Module):
    """sqrt(w_0 + 3 / 2) + w_1^2: no number from w_0 = -3 / 2 down."""

    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.zeros(2, dtype=torch.float64))

    def forward(self):
        return (self.w[0] + 1.5).sqrt() + self.w[1] ** 2


def test_holes_of_every_seed_are_counted():
    objective = Objective(Pair(), terms={"root": lambda m: m()})
    planes = [through_own(objective, row) for row in ([0.0, 1.0], [1.0, 0.0])]
    found = findings(objective, planes, Grid({"alpha": (-2.0, 2.0, 5)}), quantities=("loss",))
    assert found["finite"]["status"] == "warn"
    assert found["finite"]["values"] == {"points": 1, "by_name": {"loss": 1}, "failed": 0}
    assert found["finite"]["text"].startswith("Of 10 points (5 for each of 2 seeds) these are NaN or infinite: 1 of lo")
    # sqrt(3.5) at the right edge; the left one is NaN.
    rises = [4.0, 3.5**0.5 - 1.5**0.5]
    assert found["seeds"]["values"] == {"rises": pytest.approx(rises, rel=1e-14), "left_out": 1}
    assert "by 0.646 to 4; 1 of 4 edge points, NaN or infinite, are left out" in found["seeds"]["text"]


def test_a_seed_without_a_rise_is_told():
    objective = Objective(Pair(), terms={"root": lambda m: (m() - 1.5**0.5).log()})
    planes = [through_own(objective, row) for row in ([0.0, 1.0], [1.0, 0.0])]
    found = findings(objective, planes, Grid({"alpha": (-2.0, 2.0, 5)}), quantities=("loss",))["seeds"]
    # The middle is log 0.
    assert found["values"]["rises"] == [None, None]
    assert "Over 0 of 2 seeds" in found["text"]
    assert "by nothing that could be measured" in found["text"]


def test_points_that_failed_are_counted_apart():
    objective = Objective(Scalar(1.0), terms={"log": lambda m: m.w.log()})
    plane, grid = through_own(objective, [1.0]), Grid({"alpha": (-3.0, 1.0, 5)})
    landscape = sweep(objective, plane, grid, quantities=("loss",), progress=False, report=False)
    # w = -2 and -1 are NaN, w = 0 is infinite.
    landscape["status"][0] = 3
    landscape["status"][4] = 0
    landscape["loss"][[0, 4]] = math.nan
    found = {each["name"]: each for each in looked_at(objective, plane, grid, landscape)}["finite"]
    assert found["values"] == {"points": 2, "by_name": {"loss": 2}, "failed": 1}
    assert found["text"].startswith("Of 5 points 2 have no value (1 failed); these are NaN or infinite: 2 of loss.")


class Scalar(nn.Module):
    def __init__(self, w, dtype=torch.float64):
        super().__init__()
        self.w = nn.Parameter(torch.tensor(w, dtype=dtype))


@pytest.mark.parametrize(("dtype", "status"), [(torch.float32, "warn"), (torch.float64, "info")])
def test_a_picture_that_float32_cannot_draw_is_told(dtype, status):
    objective = Objective(Scalar(0.0, dtype), terms={"high": lambda m: m.w**2 + 1e7})
    found = findings(objective, through_own(objective, [1.0]), Grid({"alpha": (-1.0, 1.2, 9)}))["precision"]
    # float32 numbers near 1e7 are 1 apart, the range of this picture.
    assert (found["status"], found["values"]["share"] > 0.1) == (status, True)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_picture_without_a_range_has_no_share_of_it(dtype):
    # One finite point, where w = 1 / 3.
    term = {"one": lambda m: torch.where((m.w - 1 / 3).abs() < 0.1, m.w.exp(), math.nan)}
    objective = Objective(Scalar(1 / 3, dtype), terms=term)
    found = findings(objective, through_own(objective, [1.0]), Grid({"alpha": (-1.0, 1.0, 3)}))["precision"]
    assert (found["status"], found["values"]["range"]) == ("info", 0)
    # One rounding to float32 of a number between 1 and 2, and of its exponent.
    assert 0 < found["values"]["difference"] < 2e-7
    assert found["text"].startswith("At 1 point float")
    assert "inf %" not in found["text"]
    assert "no color can show" in found["text"]


class Rotated(nn.Module):
    """Inputs times a complex phase, as rotary embeddings keep it."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 1).double()
        self.register_buffer("phase", torch.polar(torch.ones(4), torch.arange(4.0)).to(torch.complex128))

    def forward(self, x):
        return self.linear((x * self.phase).imag)


def test_complex_buffers_are_compared_in_the_other_precision():
    torch.manual_seed(0)
    x = torch.randn(20, 4, dtype=torch.float64)
    objective = Objective(Rotated(), nn.MSELoss(), (x, x[:, :1]))
    found = findings(objective, directions.gaussian(objective))["precision"]
    # Some roundings to float32 of numbers of order 1.
    assert (found["status"], found["values"]["share"] < 1e-5) == ("ok", True)


def test_a_weighted_loss_is_not_called_a_mean_over_samples():
    torch.manual_seed(0)
    labels = torch.arange(12) % 3
    loss = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0, 3.0]))
    objective = Objective(nn.Linear(2, 3), loss, (torch.randn(12, 2), labels))
    found = findings(objective, directions.gaussian(objective))["data"]
    assert found["text"].startswith("Every point is measured on the same 12 samples;")


@pytest.mark.parametrize(
    ("high", "status", "suggested"),
    [(1.0, "ok", 4.0), (64.0, "warn", 4.0), (0.5, "info", 4.0), (0.25, "warn", 4.0), (0.01, "warn", None)],
)
def test_the_radius_at_which_the_loss_is_ten_times_the_centers(high, status, suggested):
    # 1 + w^2 reaches 10 at w = 3; among powers of two times the extent that is 4.
    objective = Objective(Scalar(0.0), terms={"bowl": lambda m: 1 + m.w**2})
    found = findings(objective, through_own(objective, [1.0]), Grid({"alpha": (-high, high, 5)}))["radius"]
    assert (found["status"], found["values"]["suggested"], found["values"]["goal"]) == (status, suggested, 10.0)


def test_the_radius_of_a_negative_loss_is_not_told_as_ten_times_it():
    # -2 + w^2 is as far above its center as nine times 2 at w = sqrt(18); among powers of two that is 8.
    objective = Objective(Scalar(0.0), terms={"bowl": lambda m: m.w**2 - 2})
    found = findings(objective, through_own(objective, [1.0]), Grid({"alpha": (-2.0, 2.0, 5)}))["radius"]
    assert (found["values"]["suggested"], found["values"]["goal"]) == (8.0, 16.0)
    assert found["text"].startswith(
        "Along the axes the loss reaches 9 times the center's size above it, 16, at about 8 "
    )


def test_the_radius_is_the_median_of_all_rays():
    steep = {"lopsided": lambda m: 1 + torch.where(m.w < 0, 10 * m.w, m.w) ** 2}
    objective = Objective(Scalar(0.0), terms=steep)
    found = findings(objective, through_own(objective, [1.0]), Grid({"alpha": (-1.0, 1.0, 5)}))["radius"]["values"]
    assert (found["reached"], found["suggested"]) == ([0.5, 4.0], 4.0)


class Normalized(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))


def test_batchnorm_of_the_model_is_told():
    torch.manual_seed(0)
    x = torch.randn(8, 2)
    data = (x, x[:, :1])
    objective = Objective(Normalized(), nn.MSELoss(), data)
    line = directions.between(objective.theta, objective.theta + 0.1)
    grid = Grid({"alpha": (0.0, 1.0, 3)})
    assert findings(objective, line, grid)["batchnorm"]["status"] == "warn"
    assert findings(objective, directions.gaussian(objective))["batchnorm"]["status"] == "info"
    recomputed = Objective(Normalized(), nn.MSELoss(), data, batchnorm="recompute")
    found = findings(recomputed, line, grid)
    assert "batchnorm" not in found
    assert found["center"]["status"] in ("ok", "info")


def test_a_trajectory_no_better_than_a_random_walk_is_told():
    objective = least_squares(parameters=400, samples=5).objective
    steps = torch.randn(20, 400, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    walk = directions.principal(objective.theta + steps.cumsum(0))
    assert findings(objective, walk)["trajectory"]["status"] == "warn"
    turn = torch.linspace(0, 2, 20, dtype=torch.float64)
    arc = torch.stack([turn.cos(), turn.sin()], dim=1) @ steps[:2]
    assert findings(objective, directions.principal(arc))["trajectory"]["status"] == "info"


def test_several_seeds_have_a_spread():
    objective = least_squares(parameters=30).objective
    planes = [directions.gaussian(objective, seed=seed) for seed in range(3)]
    found = findings(objective, planes, Grid.square(points=5))["seeds"]["values"]["rises"]
    assert len(found) == 3
    for plane, rise in zip(planes, found, strict=True):
        edge = [(a / 2, b / 2) for a in range(-2, 3) for b in range(-2, 3) if 2 in (abs(a), abs(b))]
        losses = torch.stack([objective(plane.at(at)) for at in edge])
        # The median of 16 numbers of order 10, as the mean of the middle two.
        middle = losses.sort().values[7:9].mean() - objective(objective.theta)
        assert rise == pytest.approx(middle.item(), rel=1e-12)


def test_what_cannot_be_differentiated_twice_costs_no_report():
    class Slope(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return 2 * x

        @staticmethod
        def backward(ctx, slope):
            raise NotImplementedError("no second derivative")

    class Once(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x.square()

        @staticmethod
        def backward(ctx, slope):
            return slope * Slope.apply(ctx.saved_tensors[0])

    objective = Objective(nn.Linear(3, 1), terms={"once": lambda m: Once.apply(m.weight).sum()})
    found = findings(objective, directions.gaussian(objective), quantities=("loss",))
    assert found["curvature"]["status"] == "info"
    assert "The curvature could not be looked at: no second derivative" in found["curvature"]["text"]
    assert found["gradient"]["values"]["norm"] == pytest.approx(2 * float(objective.theta[:3].norm()), rel=1e-6)


def test_terms_that_call_autograd_themselves():
    def slope(model):
        x = torch.linspace(0, 1, 5, dtype=torch.float64)[:, None].requires_grad_()
        (derivative,) = torch.autograd.grad(model(x).sum(), x, create_graph=True)
        return (derivative - 1).square().mean()

    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(1, 4), nn.Tanh(), nn.Linear(4, 1)).double()
    objective = Objective(model, terms={"pde": slope})
    with torch.no_grad():
        found = findings(objective, directions.gaussian(objective))
    assert found["center"]["status"] == "ok"
    exact = torch.linalg.eigvalsh(dense_hessian(objective, objective.theta))
    values = found["curvature"]["values"]
    # All 13 products: exact up to rounding.
    assert values["all"] == pytest.approx([exact[0].item(), exact[-1].item()], abs=1e-13 * exact[-1].item())


def test_a_landscape_without_a_loss():
    objective = least_squares().objective
    found = findings(objective, directions.gaussian(objective), quantities=("gradient",))
    assert "precision" not in found
    assert found["center"]["values"]["grid"] is None


def test_large_models_are_spared_the_iteration(monkeypatch):
    monkeypatch.setattr("explorer.checklist.inspection.ROOM", 0)
    objective = least_squares().objective
    found = findings(objective, directions.gaussian(objective))["curvature"]
    assert "would not fit into 256 MiB" in found["text"]
    assert "all" not in found["values"]


BUDGETS = [(5, ("loss",), 20), (51, ("loss",), 43), (101, ("loss", "gradient"), 100)]


@pytest.mark.parametrize(("points", "quantities", "products"), BUDGETS)
def test_the_budget_is_a_tenth_of_the_sweep(points, quantities, products):
    objective = least_squares().objective
    plane, grid = directions.gaussian(objective), Grid.square(points=points)
    landscape = sweep(objective, plane, grid, quantities=quantities, progress=False, report=False)
    assert Inspection(objective, plane, grid, landscape).products == products


def test_a_report_stays_within_its_budget(monkeypatch):
    objective = least_squares(samples=60, parameters=200).objective
    plane = directions.gaussian(objective)
    grid = Grid.square(points=31)
    landscape = sweep(objective, plane, grid, quantities=SLOPES, progress=False, report=False)
    calls = []
    measure = Objective.__call__
    monkeypatch.setattr(Objective, "__call__", lambda self, theta: calls.append(0) or measure(self, theta))
    found = {each["name"]: each for each in looked_at(objective, plane, grid, landscape)}
    # A tenth of 961 points with gradients is 48 products of 6 evaluations.
    assert len(calls) + 6 * (found["curvature"]["values"]["products"] + 2) <= 6 * 48


def test_the_model_and_the_random_numbers_are_left_alone():
    objective = network(6)
    before, state = objective.theta, torch.get_rng_state()
    findings(objective, directions.gaussian(objective))
    assert torch.equal(before, objective.theta)
    assert torch.equal(state, torch.get_rng_state())


def test_the_text_has_marks_and_lines():
    objective, vectors = bowl_with([-2.0, 1.0, 2.0, 5.0])
    landscape = sweep(objective, through_own(objective, *vectors.T[[2, 3]]), Grid.square(points=5), progress=False)
    text = report(landscape).text(width=60)
    lines = text.splitlines()
    assert {line[:6].strip() for line in lines} == {"ok", "look", "note", ""}
    assert max(map(len, lines)) <= 60
    assert lines[0].startswith("ok    The model's own loss is 0;")
    assert report(landscape.drop_attrs()).text() == ""


def test_values_that_are_not_finite_are_null():
    objective = Objective(Scalar(0.0), terms={"root": lambda m: m.w.abs().sqrt() * math.inf})
    found = findings(objective, through_own(objective, [1.0]), Grid({"alpha": (-1.0, 1.0, 3)}))
    assert found["center"]["values"]["own"] is None
