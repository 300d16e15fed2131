"""Following a minimum while the data move, against searches from nothing and against the words of the law."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import models
from experiments.following import follow
from experiments.minima import corners, minima
from experiments.targets import TARGETS
from explorer.study import TargetSet
from models.losses import MAE, MSE, Huber, LogCosh

SMOOTH = [MSE(), Huber(0.25), LogCosh()]


def points(x: list[float], y: list[float]) -> TargetSet:
    return TargetSet("own", "", "", torch.tensor(x, dtype=torch.float64), torch.tensor(y, dtype=torch.float64), {})


def moved(data: TargetSet, i: int, dx: float = 0.0, dy: float = 0.0) -> TargetSet:
    x, y = data.x.clone(), data.y.clone()
    x[i] += dx
    y[i] += dy
    return TargetSet("own", "", "", x, y, {})


@pytest.mark.parametrize("loss", SMOOTH, ids=repr)
@pytest.mark.parametrize(("name", "i", "dx", "dy"), [("outliers", 0, 0.0, 1.0), ("noisy", 7, 0.3, -0.6)])
def test_a_followed_minimum_is_one_that_the_search_finds(loss, name, i, dx, dy):
    before = TARGETS[name]
    after = moved(before, i, dx, dy)
    found = follow(before, after, loss, minima(before, loss).points[0].theta)
    # Both polish until Newton's step is rounding: of the gradient, over curvatures of at least 0.01 here.
    near = min(minima(after, loss).points, key=lambda each: abs(each.theta[0] - found[0]))
    assert found == pytest.approx(near.theta, abs=1e-10)


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_an_exact_fit_is_followed_wherever_two_points_go(data):
    # Two points within reach are fitted exactly, and nothing else is a minimum: the place has a closed form.
    inside = st.floats(-0.9, 0.9)
    before, after = (
        points([-1.0, x], [data.draw(inside), data.draw(inside)]) for x in (1.0, data.draw(st.floats(0, 2)))
    )
    loss = data.draw(st.sampled_from(SMOOTH))
    found = follow(before, after, loss, exact(before))
    # Slopes 1 - y^2 of at least 0.19 and inputs at least 1 apart: Newton's last step is below 1e-9.
    assert found == pytest.approx(exact(after), abs=1e-9)


def exact(data: TargetSet) -> tuple[float, float]:
    (p, q), (height, other) = data.x.tolist(), torch.atanh(data.y).tolist()
    w = (other - height) / (q - p)
    return w, height - w * p


def test_data_that_do_not_move_leave_it_where_it_is():
    data = TARGETS["mirror"]
    for loss in SMOOTH:
        for minimum in minima(data, loss).points:
            assert follow(data, data, loss, minimum.theta) == pytest.approx(minimum.theta, abs=1e-9)


def test_the_way_there_is_the_way_back():
    before = TARGETS["noisy"]
    after = moved(before, 3, 0.2, 0.7)
    for loss in SMOOTH:
        start = minima(before, loss).points[0].theta
        assert follow(after, before, loss, follow(before, after, loss, start)) == pytest.approx(start, abs=1e-9)


def test_a_minimum_that_moves_out_of_reach_is_lost():
    # At y = 1 the exact fit is at infinity; beyond it there is none.
    before = TARGETS["two_points"]
    after = moved(before, 1, dy=0.5)
    for loss in SMOOTH:
        assert follow(before, after, loss, exact(before)) is None
        assert minima(after, loss).points == ()


def test_a_minimum_that_meets_a_saddle_is_lost_though_others_stay():
    before = TARGETS["two_readings"]
    after = moved(before, 1, dy=-0.8)
    steep = minima(before, MSE()).points[0]
    assert follow(before, after, MSE(), steep.theta) is None
    assert minima(after, MSE()).points


def test_of_the_mean_absolute_error_it_is_the_lowest_corner():
    before = TARGETS["outliers"]
    start = minima(before, MAE()).points[0].theta
    # A far outlier may go farther: no corner knows.
    assert follow(before, moved(before, 0, dy=0.2), MAE(), start) == pytest.approx(start, abs=1e-12)
    after = moved(before, 4, dy=0.3)
    assert follow(before, after, MAE(), start) == minima(after, MAE()).points[0].theta
    assert corners(after.x, after.y, MAE())[0][0].theta == minima(after, MAE()).points[0].theta


def test_where_no_target_is_in_reach_the_mean_absolute_error_has_no_corner():
    data = points([-1.0, 0.0, 1.0], [2.0, -2.0, 2.0])
    assert follow(data, data, MAE(), (0.0, 0.0)) is None


def test_data_at_a_single_input_have_no_single_minimum():
    before = TARGETS["two_points"]
    after = points([1.0, 1.0], before.y.tolist())
    for make in models.LOSSES.values():
        assert follow(before, after, make(), exact(before)) is None


def test_another_number_of_data_is_refused():
    with pytest.raises(ValueError, match="as many data after as before, 2; got 9"):
        follow(TARGETS["two_points"], TARGETS["outliers"], MSE(), (0.0, 0.0))
