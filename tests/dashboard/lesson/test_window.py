"""The window: the part of the plane that is looked at, from the address to the maps."""

import numpy as np
import pytest
import torch

from experiments import STUDIES
from explorer.dashboard.lesson import maps
from explorer.dashboard.lesson.certified_minima import minima
from explorer.dashboard.lesson.objectives import objective_of, squared
from explorer.dashboard.lesson.page import schema
from explorer.dashboard.lesson.state import State, parse, query
from explorer.study import Window
from tests.support.page.lesson_states import lesson_state

NEURON = STUDIES["neuron"]


def read(text: str) -> tuple[State, tuple[str, ...]]:
    return parse(text, STUDIES)


def test_a_window_is_written_and_read_back() -> None:
    state = lesson_state(window=(-1.5, 2.5, 0.25, 1e-3 + 0.25))
    assert query(state, STUDIES) == "window=-1.5_2.5_0.25_0.251"
    assert read(query(state, STUDIES)) == (state, ())
    assert query(lesson_state(window=()), STUDIES) == ""


@pytest.mark.parametrize(
    "text",
    ["1_2_3", "1_2_3_4_5", "a_2_3_4", "2_1_0_1", "0_1_1_1", "0_1e-10_0_1", "-1001_0_0_1", "nan_1_0_1", "0_1_0_1e9"],
)
def test_a_window_that_cannot_be_is_replaced_with_a_note(text: str) -> None:
    state, notes = read(f"window={text}")
    assert state.window == ()
    assert len(notes) == 1
    assert notes[0].startswith("window: ")
    assert notes[0].endswith("showing none instead.")


def test_the_basin_keys_are_read_and_others_refused() -> None:
    state, notes = read("view=basins&basin=adam&show=steps&across=rates")
    assert (state.view, state.basin, state.show, state.across, notes) == ("basins", "adam", "steps", "rates", ())
    state, notes = read("basin=lbfgs&show=all&across=time")
    assert (state.basin, state.show, state.across) == ("", "minimum", "starts")
    assert len(notes) == 3


def test_the_map_is_swept_over_the_window() -> None:
    state, _ = read("target=outliers&n=33&window=0.2_0.3_-1_2")
    found = maps.landscape(state, NEURON, 33)
    ends = [found.w.values[0], found.w.values[-1], found.b.values[0], found.b.values[-1]]
    # As wide as it is high, about the same middle.
    assert ends == [-1.25, 1.75, -1.0, 2.0]
    at = objective_of(state, NEURON)(torch.tensor([1.75, -1.0], dtype=torch.float64))
    # One rounding of each of 9 terms.
    assert found.loss.values[-1, 0] == pytest.approx(at.item(), rel=1e-14)
    drawn = maps.drawn_maps(state, NEURON)
    assert drawn["window"] == {"w": [-1.25, 1.75], "b": [-1.0, 2.0]}
    assert drawn["own_window"] == {label: list(ends) for label, ends in NEURON.targets["outliers"].window.items()}


@pytest.mark.parametrize(
    ("window", "square"),
    [
        ({"w": (-4.0, 4.0), "b": (-4.0, 4.0)}, {"w": (-4.0, 4.0), "b": (-4.0, 4.0)}),
        ({"w": (-2.0, 10.0), "b": (-3.0, 3.0)}, {"w": (-2.0, 10.0), "b": (-6.0, 6.0)}),
        ({"w": (-1.0, 3.0), "b": (-6.0, 2.0)}, {"w": (-3.0, 5.0), "b": (-6.0, 2.0)}),
        # Parameters lie between -1000 and 1000: at the edge the square moves inwards.
        ({"w": (0.0, 100.0), "b": (990.0, 1000.0)}, {"w": (0.0, 100.0), "b": (900.0, 1000.0)}),
        ({"w": (-1000.0, 1000.0), "b": (999.0, 1000.0)}, {"w": (-1000.0, 1000.0), "b": (-1000.0, 1000.0)}),
    ],
)
def test_a_window_is_drawn_as_the_smallest_square_around_it(window: Window, square: Window) -> None:
    assert squared(window) == square


def test_the_script_is_told_square_windows() -> None:
    for study in schema(STUDIES)["studies"].values():
        for window in (study["window"], *(each["window"] for each in study["targets"].values())):
            (first, second) = window.values() or ((0, 1), (0, 1))
            assert first[1] - first[0] == second[1] - second[0]


def test_marks_of_a_tiny_window_keep_the_digits_that_place_them() -> None:
    state, _ = read("n=65&window=0.5_0.500001_0.5_0.500001")
    drawn = maps.drawn_maps(state, NEURON)
    [lines] = [each["contours"] for each in drawn["maps"]]
    assert lines
    for _, line in lines:
        steps = np.abs(np.diff(np.array(line), axis=0)).max(axis=1)
        assert (steps > 0).all()
    arrows = np.array(drawn["field"]["arrows"])
    assert len(np.unique(arrows[:, 0])) == maps.FIELD_POINTS


def test_minima_do_not_depend_on_the_window() -> None:
    whole, _ = read("target=mirror")
    part, _ = read("target=mirror&window=0_1_0_1")
    assert minima(part, NEURON) == minima(whole, NEURON)
