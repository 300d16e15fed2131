"""The scene: what the maps draw is the landscape, the right way up, holes included."""

import numpy as np
import pytest
import torch

from experiments import STUDIES
from explorer.dashboard.common.coded_map import HOLE, contours
from explorer.dashboard.lesson import maps
from explorer.dashboard.lesson.objectives import objective_of
from explorer.dashboard.lesson.state import parse
from explorer.figures.scale import color_scale
from tests.support.page.coded_maps import unpacked
from tests.support.page.lesson_states import lesson_state

NEURON = STUDIES["neuron"]


def test_the_map_is_the_sweep_to_the_last_code() -> None:
    state, _ = parse("target=noisy&loss=log_cosh&n=33", STUDIES)
    (drawn,) = maps.drawn_maps(state, NEURON)["maps"]
    swept = maps.landscape(state, NEURON, 33)["loss"].values.T
    scale = drawn["scale"]
    shown = np.exp(np.log(scale["low"]) + unpacked(drawn) / (HOLE - 1) * np.log(scale["high"] / scale["low"]))
    # Half a code of the logarithmic scale.
    half = np.log(scale["high"] / scale["low"]) / 65534
    assert np.log(shown) == pytest.approx(np.log(np.clip(swept, scale["low"], scale["high"])), abs=half)


def test_moving_the_point_does_not_sweep_again() -> None:
    first = maps.drawn_maps(lesson_state(w=0.1), NEURON)
    assert maps.drawn_maps(lesson_state(w=0.2, b=0.3, hide=("code",), mode=("dark",)), NEURON) is first
    assert maps.drawn_maps(lesson_state(w=0.1, loss="mae"), NEURON) is not first


def test_the_field_is_the_gradient_by_autograd() -> None:
    arrows = maps.drawn_maps(lesson_state(), NEURON)["field"]["arrows"]
    objective = objective_of(lesson_state(), NEURON)
    for w, b, dw, db in arrows[::37]:
        gradient = torch.func.grad(objective)(torch.tensor([w, b], dtype=torch.float64))
        # Places and arrows are sent with 4 digits; the gradient changes by less than 3 per unit here.
        assert [dw, db] == pytest.approx(gradient.tolist(), rel=1e-3, abs=5e-3)


def test_contours_lose_vertices_but_not_their_course() -> None:
    values = maps.landscape(lesson_state(target="outliers", loss="mae"), NEURON, 161)["loss"]
    drawn = contours(values, color_scale(values.values))
    # The objective itself, on every vertex and in the middle of every chord that was left.
    objective = objective_of(lesson_state(target="outliers", loss="mae"), NEURON)
    for level, line in drawn:
        points = torch.tensor(line, dtype=torch.float64)
        places = torch.cat([points, (points[1:] + points[:-1]) / 2])
        # Off by 3/50 of a cell of 0.0375 at most, on a slope under 2; linear interpolation in a cell adds 0.0375^2.
        off = (torch.func.vmap(objective)(places) - level).abs().max()
        assert off < 3 / 50 * 0.0375 * 2 + 0.0375**2
    assert sum(len(line) for _, line in drawn) < 1500


def test_the_long_shallow_trough_has_contours_of_its_own() -> None:
    state, _ = parse("target=sloped_line&n=81", STUDIES)
    (drawn,) = maps.drawn_maps(state, NEURON)["maps"]
    assert drawn["scale"]["kind"] == "linear"
    # The loss at the end of the window, w = 10 on b = 0, is under 1/3: the trough is told only by levels below 0.5.
    low = [(level, line) for level, line in drawn["contours"] if level < 0.5]
    assert len({level for level, _ in low}) >= 3
    assert max(point[0] for _, line in low for point in line) > 8


def test_the_weighted_total_comes_from_the_swept_terms() -> None:
    reaction = STUDIES["reaction"]
    state = lesson_state(study="reaction", weight=7.0, n=33)
    maps.total_contours(state, reaction)
    before = maps._terms.cache_info().misses
    drawn = maps.total_contours(lesson_state(study="reaction", weight=3.0, n=33), reaction)
    assert maps._terms.cache_info().misses == before
    direct = maps.landscape(lesson_state(study="reaction", weight=3.0, n=33), reaction, 33)["loss"]
    assert drawn == contours(direct, color_scale(direct.values))
