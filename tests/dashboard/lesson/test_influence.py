"""What the page is told when a data point moves: true refits, what was predicted, and what became of a minimum."""

import json
import math
import re

import pytest
import torch

from experiments import STUDIES
from experiments.minima import minima
from experiments.targets import TARGETS
from explorer.dashboard.lesson.answers import Callbacks
from explorer.study import TargetSet
from models.losses import MAE, MSE, Huber, LogCosh
from tests.support.page.contrast import CSS, VIRIDIS, contrast

LOSSES = {"mse": MSE(), "mae": MAE(), "huber": Huber(0.25), "log_cosh": LogCosh()}
PAGE = Callbacks(STUDIES)


def own(points: list[tuple[float, float]], more: str = "") -> str:
    return "target=own&points=" + "~".join(f"{x!r}_{y!r}" for x, y in points) + more


def data_of(name: str) -> list[tuple[float, float]]:
    return list(zip(TARGETS[name].x.tolist(), TARGETS[name].y.tolist(), strict=True))


def moves(start: str, end: str, *, settled: bool = True) -> dict[str, dict]:
    found = PAGE.influence({"from": start, "to": end, "settled": settled})["moves"]
    return {move["loss"]: move for move in found}


def with_point(points: list[tuple[float, float]], i: int, dx: float, dy: float) -> list[tuple[float, float]]:
    return [(x + dx, y + dy) if k == i else (x, y) for k, (x, y) in enumerate(points)]


@pytest.mark.parametrize("settled", [True, False])
def test_before_and_after_are_the_lowest_minima_of_every_loss(settled):
    points = with_point(data_of("noisy"), 6, 0.1, -0.4)
    found = moves("target=noisy", own(points), settled=settled)
    x, y = torch.tensor(points, dtype=torch.float64).T
    for name, loss in LOSSES.items():
        assert found[name]["outcome"] == "moved"
        # The same search, and Newton's method down to rounding over the smallest curvature, 0.05.
        before, after = minima(TARGETS["noisy"], loss), minima(TargetSet("", "", "", x, y, {}), loss)
        assert found[name]["before"] == pytest.approx(before.points[0].theta, abs=1e-9)
        assert found[name]["after"] == pytest.approx(after.points[0].theta, abs=1e-9)


def test_what_was_predicted_is_right_to_first_order():
    def missed(step: float) -> dict[str, float]:
        found = moves("target=noisy", own(with_point(data_of("noisy"), 6, step, -step)))
        return {name: math.dist(found[name]["after"], found[name]["predicted"]) for name in ("mse", "log_cosh")}

    far, near = missed(2e-2), missed(1e-2)
    for name in far:
        # What is left is quadratic in the move: a quarter at half of it, but for third derivatives, a share of 2e-2
        # times numbers of order 1.
        assert far[name] / near[name] == pytest.approx(4, rel=0.1)


def test_a_crease_has_a_refit_only():
    found = moves("target=noisy", own(with_point(data_of("noisy"), 6, 0.0, -0.4)))
    assert found["mae"]["predicted"] is None
    assert [name for name, move in found.items() if move["sharp"]] == ["mae"]
    assert all(found[name]["predicted"] for name in ("mse", "huber", "log_cosh"))


def test_an_outlier_pulls_the_squared_error_and_not_the_absolute_one():
    points = data_of("outliers")
    outlier = max(range(len(points)), key=lambda i: abs(points[i][1] - math.tanh(points[i][0])))
    found = moves("target=outliers", own(with_point(points, outlier, 0.0, 0.2 if points[outlier][1] > 0 else -0.2)))
    far = {name: math.dist(move["before"], move["after"]) for name, move in found.items()}
    assert far["mae"] == 0
    assert found["huber"]["predicted"] == found["huber"]["before"]
    # Beyond delta before and after: Newton's method ends where it began.
    assert far["huber"] < 1e-9
    assert far["mse"] > 0.02


def test_a_minimum_overtaken_by_another_is_told():
    start = data_of("two_readings")
    found = moves("target=two_readings", own(with_point(start, 0, 0.0, 1.0)))["mse"]
    assert found["outcome"] == "overtaken"
    assert math.dist(found["before"], found["after"]) > 0.5


def test_a_minimum_that_ceased_to_exist_is_told():
    end = own(with_point(data_of("two_readings"), 1, 0.0, -0.8))
    assert moves("target=two_readings", end)["mse"]["outcome"] == "jumped"
    lost = moves("target=two_readings", end, settled=False)["mse"]
    assert (lost["outcome"], lost["after"]) == ("lost", None)


def test_no_finite_minimum_any_more_is_told_with_its_reason():
    found = moves("target=two_points", own(with_point(data_of("two_points"), 1, 0.0, 0.5)))
    for name in ("mse", "huber", "log_cosh"):
        assert found[name]["outcome"] == "gone"
        assert "no finite minimum" in found[name]["note"]


def test_a_line_of_minima_is_nothing_to_follow():
    (x, y), *_ = data_of("one_point")
    found = moves("target=one_point", own([(x, y + 0.1)] * len(TARGETS["one_point"].x)))
    assert {move["outcome"] for move in found.values()} == {"none"}
    assert "line of minima" in found["mse"]["note"]


def test_twins_as_low_as_each_other_are_not_an_overtaking():
    # mirror has two lowest minima, images of each other: both stay as low when its data move symmetrically.
    found = moves("target=mirror", own([(x, 1.01 * y) for x, y in data_of("mirror")]))["mse"]
    assert found["outcome"] == "moved"
    # The twin has w of the other sign.
    assert found["after"][0] * found["before"][0] > 0


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("target=noisy", "target=outliers"),
        ("target=noisy", "study=reaction"),
        ("study=reaction", "study=reaction"),
        ("loss=hidden-1", "loss=hidden-1"),
    ],
)
def test_what_cannot_be_compared_or_must_not_be_told_has_no_moves(start, end):
    assert moves(start, end) == {}


EDGES = [
    [(1.0, 2.0)],
    [(-2e-313, 100.0), (0.0, 0.0)],
    [(100.0, 100.0), (-100.0, -100.0)],
    [(1e-9, 1.0), (0.0, -1.0)],
    [(0.5, 0.5), (0.5, 0.5), (0.5, 0.5 + 1e-16)],
    [(1.0, 1.0)] * 40,
    [(-1.0, 1.0), (0.0, 0.3), (1.0, -1.0)],
]


@pytest.mark.parametrize("points", EDGES)
@pytest.mark.parametrize(("dx", "dy"), [(0.0, -200.0), (3.0, 0.7), (-1e-300, 1e-16)])
def test_extreme_data_are_answered_in_finite_numbers(points, dx, dy):
    end = [(max(-100.0, min(100.0, x)), max(-100.0, min(100.0, y))) for x, y in with_point(points, 0, dx, dy)]
    for settled in (True, False):
        found = moves(own(points), own(end), settled=settled)
        assert set(found) == set(LOSSES)
        json.dumps(list(found.values()), allow_nan=False)


@pytest.mark.parametrize("sent", [None, 3, {}, {"from": 1, "to": []}, {"from": "points=oops", "settled": "yes"}])
def test_anything_may_be_sent(sent):
    assert {move["outcome"] for move in PAGE.influence(sent)["moves"]} == {"moved"}


def test_the_colors_of_the_losses_stand_out_on_the_map():
    colors = re.findall(r"\.layer :is\(path, circle\)\.([\w-]+) \{ --of-loss: (#[0-9a-f]{6}); \}", CSS)
    casing = re.search(r"path\.casing\.influence \{ stroke: (#[0-9a-f]{6});", CSS).group(1)
    assert [name for name, _ in colors] == [f"loss-{i}" for i in range(1, len(LOSSES) + 1)]
    # Light cores on the dark end of viridis, their dark casing on the light one.
    assert all(contrast(color, VIRIDIS[0]) >= 3 and contrast(color, casing) >= 3 for _, color in colors)
    assert contrast(casing, VIRIDIS[1]) >= 3
