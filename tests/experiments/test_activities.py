"""Each activity: a way to complete it, a way not to, and input that no learner should be able to break it with."""

import math

import hypothesis.strategies as st
import pytest
import torch
from hypothesis import given, settings

from experiments.activities import ACTIVITIES, HIDDEN
from experiments.activities.compare_surfaces import shares
from experiments.activities.drag_outlier import all_follow
from experiments.activities.measuring import gradient_at, loss_at
from experiments.activities.predict_arrow import angle
from experiments.activities.refits import CLEAN_Y, refits
from experiments.activities.wording import number, place, way
from experiments.targets import TARGETS
from explorer.study import Verdict, Visit
from models import LOSSES

BY_NAME = {activity.name: activity for activity in ACTIVITIES}
KEYS = {"study", "target", "loss", "delta", "w", "b", "n", "points", "view", "layers", "hide", "mode", "opt", "lr"}
W, B = math.log(6) / 2, math.log(1.5) / 2


def at(target: str, loss: str, *places: tuple[float, float], delta: float = 0.25) -> list[Visit]:
    return [Visit(target, loss, {"delta": delta}, w, b) for w, b in places]


def verdict(name: str, visits: list[Visit], answer: str = "") -> Verdict:
    return BY_NAME[name].check(visits, answer)


def test_the_names_are_those_that_links_use() -> None:
    assert list(BY_NAME) == [
        "find_minimum",
        "predict_arrow",
        "compare_surfaces",
        "hidden_surface",
        "long_valley_trough",
        "long_valley_baseline",
        "long_valley_tilted",
        "descend_baseline",
        "descend_tilted",
        "descend_trough",
        "isolated_minima_two_readings",
        "isolated_minima_mirror",
        "match_loss_clean",
        "match_loss_outliers",
        "match_loss_wild",
        "drag_outlier",
        "question_minimum",
        "question_kinks",
        "question_outliers",
    ]
    assert len(BY_NAME) == len(ACTIVITIES)


@pytest.mark.parametrize("activity", ACTIVITIES, ids=BY_NAME)
def test_the_scene_exists_and_does_not_solve_itself(activity) -> None:
    assert set(activity.setup) <= KEYS
    assert activity.setup["target"] in TARGETS
    assert activity.setup["loss"] in {*LOSSES, *HIDDEN}
    start = Visit(
        activity.setup["target"],
        activity.setup["loss"],
        {"delta": 0.25},
        float(activity.setup.get("w", -1.5)),
        float(activity.setup.get("b", 1.5)),
        tuple(activity.setup["opt"].split(",")) if "opt" in activity.setup else (),
        float(activity.setup.get("lr", 0.5)),
    )
    assert not activity.check([start], "").done


def test_hidden_names_are_a_permutation_of_the_losses() -> None:
    assert sorted(HIDDEN.values()) == sorted(LOSSES)
    assert list(HIDDEN) == [f"hidden-{k}" for k in range(1, 5)]


odd_numbers = st.one_of(st.floats(), st.sampled_from([1e300, -1e300, 1e6, 0.0, 20.0, math.inf, math.nan]))
odd_visits = st.builds(
    Visit,
    st.sampled_from([*TARGETS, "own", "", "no such"]),
    st.sampled_from([*LOSSES, *HIDDEN, "hidden-9", "", "l2"]),
    st.sampled_from([{"delta": delta} for delta in (0.25, 0.0, -1.0, math.nan, math.inf)] + [{}]),
    odd_numbers,
    odd_numbers,
    st.sampled_from([(), ("gd",), ("adam", "gd@0.1"), ("gd@nan",), ("gd@fast", "gd"), ("",)]),
    odd_numbers,
    st.sampled_from([-1, 0, 5]),
    st.sampled_from(["none", "cosine", "no such"]),
    st.integers(-1, 3),
)
odd_answers = st.one_of(st.sampled_from(["", *LOSSES, "45", "nan", "1e400", "−90°", "north"]), st.text(max_size=20))


@settings(deadline=None, max_examples=60)
@given(st.lists(odd_visits, max_size=4), odd_answers)
def test_no_input_makes_a_check_fail(visits: list[Visit], answer: str) -> None:
    for activity in ACTIVITIES:
        said = activity.check(visits, answer)
        assert said.message
        assert "nan" not in said.message
        assert len({len(row) for row in said.table}) <= 1


@pytest.mark.parametrize("activity", ACTIVITIES, ids=BY_NAME)
def test_elsewhere_the_verdict_invites_back(activity) -> None:
    away = [Visit("own", activity.setup["loss"], {"delta": 0.25}, 0.0, 0.0)]
    said = activity.check(away, "mse")
    assert not said.done
    assert "Go there" in said.message


@pytest.mark.parametrize(
    ("value", "text"), [(0.2, "0.2"), (-1.5, "−1.5"), (4.326e-5, "4.326 × 10⁻⁵"), (-3e12, "−3 × 10¹²"), (0.0, "0")]
)
def test_numbers_are_written_for_people(value: float, text: str) -> None:
    assert number(value) == text


def test_no_place_is_written_with_a_negative_zero() -> None:
    assert place(-1e-9, -2.0) == "(w, b) = (0.000, −2.000)"


@given(st.integers(0, 359))
def test_a_way_is_the_nearest_of_eight(degrees: int) -> None:
    dw, db = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    words = way(dw, db)
    # A component is named when it is at least sin(22.5 degrees) of the whole; whole degrees never hit that exactly.
    edge = math.sin(math.radians(22.5))
    assert [key in words for key in ("larger w", "smaller w", "larger b", "smaller b")] == [
        dw > edge,
        -dw > edge,
        db > edge,
        -db > edge,
    ]


# --- find the minimum, question 1 ------------------------------------------------------------------------------------


def test_the_minimum_is_found_at_a_small_loss() -> None:
    said = verdict("find_minimum", at("two_points", "mse", (-1.5, 1.5), (W + 0.01, B)))
    assert said.done
    # 0.4096 + 0.1296 is the sum of s^2/2 over both points: L = 0.2696 * 2 * 0.01^2 to first order, below 1e-3.
    assert loss_at(at("two_points", "mse", (W + 0.01, B))[0]) < 1e-3


def test_away_from_the_minimum_the_distance_and_the_way_are_told() -> None:
    said = verdict("find_minimum", at("two_points", "mse", (W + 1, B)))
    assert not said.done
    assert "1 away" in said.message
    # At b = b*, w > w*: residuals have opposite signs, so dL/dw > 0 and the way down is toward smaller w.
    assert "toward smaller w" in said.message


def test_on_a_plain_the_way_is_told_without_an_arrow() -> None:
    said = verdict("find_minimum", at("two_points", "mse", (0.0, 900.0)))
    assert "vanished" in said.message
    assert "smaller b" in said.message


def test_the_arrow_need_not_point_at_the_minimum_and_the_verdict_says_so() -> None:
    here = at("two_points", "mse", (-3.0, 0.5))[0]
    dw, db = gradient_at(here)
    turn = math.degrees(abs(math.remainder(math.atan2(B - 0.5, W + 3.0) - math.atan2(-db, -dw), math.tau)))
    assert (f"by {turn:.0f}°" in verdict("find_minimum", [here]).message) == (turn > 20)


@pytest.mark.parametrize(("offset", "done"), [(0.0, True), (0.0099, True), (0.0101, False), (0.5, False)])
def test_question_1_wants_the_closed_form(offset: float, done: bool) -> None:
    said = verdict("question_minimum", at("two_points", "mse", (W, B + offset)))
    assert said.done is done
    if done:
        assert "(0.896, 0.203)" in said.message


# --- compare surfaces, question 2 ------------------------------------------------------------------------------------


def test_all_three_surfaces_must_be_seen() -> None:
    seen = at("two_points", "mse", (0, 0)) + at("two_points", "huber", (0, 0))
    said = verdict("compare_surfaces", seen)
    assert not said.done
    assert "Still to look at: MAE" in said.message
    assert verdict("compare_surfaces", seen + at("two_points", "mae", (0, 0))).done


def test_surfaces_of_other_data_do_not_count() -> None:
    other = at("outliers", "mae", (0, 0)) + at("two_points", "mse", (0, 0)) + at("two_points", "huber", (0, 0))
    assert not verdict("compare_surfaces", other).done


@pytest.mark.parametrize("delta", [0.1, 0.25, 0.5, 1.0, 2.0])
def test_shares_are_where_the_huber_identities_hold(delta: float) -> None:
    data, huber = TARGETS["two_points"], LOSSES["huber"](delta=delta)
    axis = [-4 + 8 * (k + 0.5) / 33 for k in range(33)]
    bowl = straight = 0
    for w in axis:
        for b in axis:
            prediction = torch.tanh(w * data.x + b)
            value = float(huber(prediction, data.y))
            half = float((prediction - data.y).square().mean()) / 2
            line = delta * float((prediction - data.y).abs().mean()) - delta**2 / 2
            # Where one residual is on the other side, the identity fails by (|r| - delta)^2 / 4: 1e-12 would need
            # a residual within 2e-6 of delta, which no node of this grid has.
            bowl += abs(value - half) < 1e-12
            straight += abs(value - line) < 1e-12
    assert shares("two_points", delta, cells=33) == pytest.approx((bowl / 33**2, straight / 33**2))


def test_question_2_tells_the_jump_of_the_gradient() -> None:
    # The residual at x = 1 is 0 along w + b = ln 3 through (W, B); the step crosses that line and not the other.
    before, after = (W + 0.3, B + 0.2), (W + 0.1, B - 0.2)
    said = verdict("question_kinks", at("two_points", "mae", before, after))
    assert said.done
    assert "x = 1 changed sign" in said.message
    for w, b in (before, after):
        x, y = TARGETS["two_points"].x, TARGETS["two_points"].y
        prediction = torch.tanh(w * x + b)
        pull = (prediction - y).sign() * (1 - prediction**2) / 2
        told = f"({float((pull * x).sum()):.4g}, {float(pull.sum()):.4g})".replace("-", "−")
        assert told in said.message


@pytest.mark.parametrize(
    ("places", "hint"),
    [
        ([(W + 0.3, B + 0.2), (W - 2.0, B - 2.0)], "one stride"),
        ([(W + 0.3, B + 0.2), (W + 0.31, B + 0.2)], "No crease crossed"),
        ([(W + 0.3, B + 0.2)], "No crease crossed"),
        ([(W, B), (W, B)], "No crease crossed"),
    ],
)
def test_question_2_needs_one_line_and_a_short_step(places: list[tuple[float, float]], hint: str) -> None:
    said = verdict("question_kinks", at("two_points", "mae", *places))
    assert not said.done
    assert hint in said.message


def test_question_2_measures_the_distance_to_the_nearest_crease() -> None:
    # Up by d from the line w + b = ln 3 of x = 1 is d / sqrt(2) from it; the other line is farther.
    said = verdict("question_kinks", at("two_points", "mae", (W + 1.0, B - 1.0 + 0.2)))
    assert f"x = 1, is {0.2 / math.sqrt(2):.4g} away" in said.message


# --- long valleys ----------------------------------------------------------------------------------------------------

VALLEYS = {
    "long_valley_trough": ("sloped_line", (2.0, 0.0), (8.0, 0.1), (2.0, 0.8)),
    "long_valley_baseline": ("short_baseline", (1.0, 0.0), (2.05, 0.0), (1.5, 0.5)),
    "long_valley_tilted": ("offset_line", (0.52, -1.56), (1.0, -3.0), (1.0, -2.0)),
}


@pytest.mark.parametrize("name", VALLEYS)
def test_two_places_far_apart_on_the_floor_complete_a_valley(name: str) -> None:
    target, first, second, beside = VALLEYS[name]
    assert not verdict(name, at(target, "mse", first)).done
    assert not verdict(name, at(target, "mse", first, first)).done
    assert "the floor is where" in verdict(name, at(target, "mse", beside)).message
    assert not verdict(name, at(target, "mse", first, beside)).done
    said = verdict(name, at(target, "mse", first, beside, second))
    assert said.done
    for visit in at(target, "mse", first, second):
        assert f"L = {number(loss_at(visit))}" in said.message


@pytest.mark.parametrize("name", VALLEYS)
def test_across_a_valley_the_loss_is_much_higher_than_along_it(name: str) -> None:
    target, first, second, _ = VALLEYS[name]
    said = verdict(name, at(target, "mse", first, second)).message
    across = float(said.split("leads to L = ")[1].split(". ")[0])
    highest = max(loss_at(visit) for visit in at(target, "mse", first, second))
    assert across > 2 * highest


# --- several minima --------------------------------------------------------------------------------------------------

# Found with 50-digit arithmetic, independently of the code under test; (w, b) under MSE, and MAE's for the second.
TWO_READINGS = [(2.154744265732, -0.3848396443558), (0.2788125082789, -0.203689048986)]
MIRROR = [(-1.439119435734, -2.863266126285), (1.439119435734, -2.863266126285), (0.0, -0.1819826886007)]
MIRROR_MAE = [(-1.472219489583, -2.944438979166), (1.472219489583, -2.944438979166), (0.0, -1.472219489583)]


@pytest.mark.parametrize(
    ("name", "target", "loss", "places"),
    [
        ("isolated_minima_two_readings", "two_readings", "mse", TWO_READINGS),
        ("isolated_minima_mirror", "mirror", "mse", MIRROR),
        ("isolated_minima_mirror", "mirror", "mae", MIRROR_MAE),
        ("isolated_minima_mirror", "mirror", "huber", MIRROR[:2]),
        ("isolated_minima_mirror", "mirror", "hidden-3", MIRROR[:2]),
    ],
)
def test_every_minimum_must_be_visited(name: str, target: str, loss: str, places: list[tuple[float, float]]) -> None:
    near = [(w + 0.1, b - 0.1) for w, b in places]
    for count in range(1, len(near)):
        said = verdict(name, at(target, loss, *near[:count]))
        assert not said.done
        assert f"{count} of {len(near)} found" in said.message
    assert verdict(name, at(target, loss, *near)).done


def test_minima_of_another_loss_do_not_count() -> None:
    visits = at("mirror", "mse", *MIRROR) + at("mirror", "mae", MIRROR_MAE[0])
    assert "1 of 3 found under MAE" in verdict("isolated_minima_mirror", visits).message


def test_losses_looked_at_are_compared_by_their_number_of_minima() -> None:
    said = verdict("isolated_minima_mirror", at("mirror", "huber", (0, 0)) + at("mirror", "mse", *MIRROR)).message
    assert "So far: 2 under Huber and 3 under MSE." in said
    alone = verdict("isolated_minima_mirror", at("mirror", "mse", *MIRROR)).message
    assert "So far" not in alone


@pytest.mark.parametrize("loss", LOSSES)
def test_the_mirror_has_twins(loss: str) -> None:
    left, right = at("mirror", loss, (-1.3, -0.7), (1.3, -0.7))
    # The same sums in another order: a few units in the last place.
    assert loss_at(left) == pytest.approx(loss_at(right), rel=1e-14)


# --- hidden surface, match a loss, question 3 ------------------------------------------------------------------------


@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("answer", LOSSES)
def test_only_the_true_name_of_a_hidden_surface_passes(hidden: str, answer: str) -> None:
    said = verdict("hidden_surface", at("outliers", hidden, (0, 0)), answer)
    assert said.done is (HIDDEN[hidden] == answer)
    assert bool(said.table) is said.done


def test_a_wrong_name_does_not_give_the_right_one_away() -> None:
    said = verdict("hidden_surface", at("outliers", "hidden-1", (0, 0)), "mse").message
    assert "Huber" not in said
    value = float(LOSSES["huber"](delta=0.25)(torch.zeros(9, dtype=torch.float64), TARGETS["outliers"].y))
    assert f"this surface reads {value:.4g}" in said


def test_an_open_loss_is_no_riddle() -> None:
    assert not verdict("hidden_surface", at("outliers", "huber", (0, 0)), "huber").done


@pytest.mark.parametrize("target", CLEAN_Y)
def test_clean_targets_are_the_given_ones_apart_from_the_outliers(target: str) -> None:
    clean, given_y = torch.tensor(CLEAN_Y[target], dtype=torch.float64), TARGETS[target].y
    assert torch.equal(clean, -clean.flip(0))
    moved = (clean != given_y).sum()
    assert int(moved) == {"outliers": 2, "wild_outlier": 1}[target]


@pytest.mark.parametrize(
    ("target", "loss", "w", "b"),
    [
        ("outliers", "mse", 0.2190123005002, -0.4020546509782),
        ("outliers", "mae", 0.9814796597221, 0.0),
        ("outliers", "huber", 0.725211814089, -0.09258015692182),
        ("outliers", "log_cosh", 0.2286991257218, -0.4159060806636),
        ("wild_outlier", "mae", 0.9946225751441, 0.0),
        ("wild_outlier", "mse", 0.08204368764339, -0.612674292697),
        ("gentle_line", "mse", 0.4725521141134, 0.0),
        ("gentle_line", "mae", 0.4620981203733, 0.0),
    ],
)
def test_the_quick_search_agrees_with_fifty_digit_arithmetic(target: str, loss: str, w: float, b: float) -> None:
    fit = refits(target, 0.25)[loss]
    # L = L* + k (w - w*)^2 / 2 is resolved to 1e-16, with curvature k > 0.1: to about sqrt(2e-15) = 4e-8 in w.
    assert (fit.w, fit.b) == pytest.approx((w, b), abs=2e-7)


CHOICES = [
    ("match_loss_clean", "gentle_line", 0.25, {"mse": True, "mae": True, "huber": True, "log_cosh": True}),
    ("match_loss_outliers", "outliers", 0.25, {"mse": False, "mae": True, "huber": True, "log_cosh": False}),
    ("match_loss_outliers", "outliers", 1.0, {"huber": False}),
    ("match_loss_wild", "wild_outlier", 0.25, {"mse": False, "mae": True, "huber": True, "log_cosh": False}),
    ("question_outliers", "outliers", 0.25, {"mse": False, "mae": True, "huber": True}),
    ("question_outliers", "outliers", 1.0, {"mae": True, "huber": False}),
]


@pytest.mark.parametrize(("name", "target", "delta", "answers"), CHOICES)
def test_a_loss_passes_where_its_fit_stays_with_the_clean_points(
    name: str, target: str, delta: float, answers: dict[str, bool]
) -> None:
    for answer, done in answers.items():
        said = verdict(name, at(target, "mse", (0, 0), delta=delta), answer)
        assert said.done is done, answer
        assert [row[0] for row in said.table][1:] == ["MSE", "MAE", f"Huber, δ = {delta:g}", "log-cosh"]


def test_the_table_tells_the_distance_from_the_clean_points() -> None:
    said = verdict("match_loss_outliers", at("outliers", "mse", (0, 0)), "mae")
    # At MAE's minimum, artanh(0.9)/1.5: the mean over (0.95, 0.9, 0.76, 0.46, 0) of the squared misses.
    w = math.atanh(0.9) / 1.5
    misses = [(math.tanh(w * x) - y) ** 2 for x, y in ((2, 0.95), (1.5, 0.9), (1, 0.76), (0.5, 0.46))]
    assert said.table[2][3] == f"{2 * sum(misses) / 9:.5f}"


@pytest.mark.parametrize("name", ["match_loss_clean", "drag_outlier", "question_outliers", "hidden_surface"])
def test_without_an_answer_one_is_asked_for(name: str) -> None:
    activity = BY_NAME[name]
    visits = at(activity.setup["target"], activity.setup["loss"], (0, 0))
    for answer in ("", "l2"):
        assert "choose an answer" in activity.check(visits, answer).message


# --- the arrow -------------------------------------------------------------------------------------------------------


def downhill(visit: Visit) -> float:
    """Return the angle of -grad L in degrees by central differences, independent of autograd."""
    step = 1e-6
    moved = [(visit.w + a * step, visit.b + c * step) for a, c in ((1, 0), (-1, 0), (0, 1), (0, -1))]
    right, left, up, down = (loss_at(Visit(visit.target, visit.loss, visit.parameters, w, b)) for w, b in moved)
    return math.degrees(math.atan2(down - up, left - right))


near = st.floats(-2, 2)


@settings(deadline=None, max_examples=30)
@given(near, near, st.floats(-14, 14), st.sampled_from([-360, 0, 360]))
def test_an_arrow_within_fifteen_degrees_passes(w: float, b: float, error: float, turns: int) -> None:
    here = Visit("gentle_line", "mse", {"delta": 0.25}, w + 3, b)
    # Here |grad L| > 1e-3, so central differences (1e-10 of rounding over a step of 1e-6) are right to 0.1 degrees;
    # the answer is written with three decimals.
    answer = f"{downhill(here) + error + turns:.3f}"
    said = verdict("predict_arrow", [here], answer)
    assert said.done, said.message
    assert not verdict("predict_arrow", [here], str(downhill(here) + error + 40)).done


def test_the_way_up_is_recognized() -> None:
    here = at("two_points", "mse", (-1, 1))
    assert "the way up" in verdict("predict_arrow", here, str(downhill(here[0]) + 180)).message


def test_where_nothing_is_down_no_arrow_is_right() -> None:
    assert "The gradient is 0" in verdict("predict_arrow", at("two_points", "mse", (0, 900)), "10").message


@pytest.mark.parametrize(
    ("text", "value"),
    [("45", 45.0), (" −90° ", -90.0), ("12,5", 12.5), ("", None), ("north", None), ("nan", None), ("1e999", None)],
)
def test_angles_are_read_kindly(text: str, value: float | None) -> None:
    assert angle(text) == value


# --- the dragged outlier ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delta", [0.25, 1.0])
def test_the_squared_error_follows_a_dragged_outlier_farthest(delta: float) -> None:
    visits = at("outliers", "mse", (0, 0), delta=delta)
    for answer in LOSSES:
        assert verdict("drag_outlier", visits, answer).done == (answer == "mse")
    moved = all_follow(delta)
    assert moved["mae"] == 0
    # Beyond delta the outlier pulls with delta wherever it is; with delta = 1 it begins inside.
    assert (moved["huber"] == 0) == (delta == 0.25)
    assert moved["mse"] > 2 * moved["log_cosh"] > 0


def test_dragging_does_not_leave_the_exercise() -> None:
    dragged = [*at("outliers", "mse", (0, 0)), Visit("own", "mse", {"delta": 0.25}, 0, 0)]
    assert verdict("drag_outlier", dragged, "mse").done
    said = verdict("drag_outlier", dragged, "mae")
    assert "already pulls as hard as it can" in said.message
    assert said.table[2] == ("MAE", "0.0000")
