"""The page's basin maps: worked on while they are asked for, equal to the library's, told in words."""

import base64
from time import perf_counter

import numpy as np
import pytest
import torch

import models
from experiments import STUDIES, TARGETS
from explorer import Grid, Objective, basins, directions
from explorer.dashboard.common.coded_map import HOLE
from explorer.dashboard.lesson import basin_map as page
from explorer.dashboard.lesson.answers import Callbacks
from explorer.dashboard.lesson.basin_words import sentence
from explorer.dashboard.lesson.state import parse
from tests.support.page.coded_maps import unpacked
from tests.support.page.lesson_states import lesson_state

SMALL = "view=basins&target=two_readings&n=45&steps=60&window=0_3_-2_1"


def asked(query):
    """Ask until the map is done; return all replies."""
    answers, replies = Callbacks(STUDIES), []
    while not (replies and replies[-1]["done"]):
        seen = replies[-1]["stage"] if replies else 0
        replies.append(answers.basins({"query": query, "seen": seen}))
        assert len(replies) < 200
    return replies


def picture_of(query):
    """The finished map."""
    asked(query)
    return Callbacks(STUDIES).basins({"query": query, "seen": 0})["map"]


def grid_of(picture):
    flat = np.frombuffer(base64.b64decode(picture["codes"]), np.uint8)
    return flat.reshape(picture["shape"])


def library(query, optimizer, lr, **given):
    state, _ = parse(query, STUDIES)
    data = TARGETS[state.target]
    objective = Objective(models.MODELS["tanh_neuron"](), models.LOSSES["mse"](), (data.x, data.y))
    w_low, w_high, b_low, b_high = state.window
    grid = Grid({"w": (w_low, w_high, state.n), "b": (b_low, b_high, state.n)})
    plane = directions.axes(objective, "w", "b")
    return basins(objective, plane, grid, optimizer, lr, state.steps, progress=False, **given)


def test_a_map_shows_what_the_library_finds():
    picture = picture_of(SMALL + "&basin=momentum&lr=0.3")
    certified = STUDIES["neuron"].minima(TARGETS["two_readings"], models.LOSSES["mse"]()).points
    known = [torch.tensor(each.theta, dtype=torch.float64) for each in certified]
    expected = library(SMALL, "momentum", 0.3, minima=known)
    codes = np.where(expected.minimum.values >= 0, expected.minimum.values, len(known))
    np.testing.assert_array_equal(grid_of(picture), codes.T)
    assert picture["axes"] == [[0.0, 3.0], [-2.0, 1.0]]
    assert picture["labels"] == ["w", "b"]
    share = round(100 * (codes == 0).mean())
    assert f"{share} % have reached θ*1 (2.15, -0.385), L = 0.162" in picture["says"]
    assert [mark[0] for mark in picture["marks"]] == sorted(set(codes[codes < len(known)].tolist()))


def test_a_coarse_picture_comes_first_and_each_picture_once():
    shapes = [reply["map"]["shape"] for reply in asked(SMALL + "&lr=0.2") if reply["map"]]
    assert shapes in ([[41, 41], [45, 45]], [[45, 45]])
    again = Callbacks(STUDIES).basins({"query": SMALL + "&lr=0.2", "seen": 2})
    assert (again["done"], again["map"]) == (True, None)


@pytest.mark.parametrize("show", ["loss", "steps"])
def test_numbers_are_coded_along_a_scale(show):
    picture = picture_of(SMALL + f"&show={show}&lr=0.3")
    expected = library(SMALL, "gd", 0.3)
    name = "final_loss" if show == "loss" else "steps_to_tolerance"
    values = expected[name].where(expected[name] >= 0).values
    low, high, kind = (picture["scale"][key] for key in ("low", "high", "kind"))
    codes = unpacked(picture)
    shown = np.where(codes == HOLE, np.nan, codes / (HOLE - 1))
    np.testing.assert_array_equal(np.isnan(shown), np.isnan(values.T))
    to = np.log if kind == "log" else np.asarray
    place = (to(np.clip(values.T, low, high)) - to(low)) / (to(high) - to(low))
    # Codes are rounded to 1 / 65534 of the scale.
    np.testing.assert_allclose(shown, place, rtol=0, atol=0.51 / 65534)


def test_rates_are_the_second_axis():
    query = "view=basins&across=rates&basin=adam&b=0.5&n=21&steps=30&show=diverged"
    picture = picture_of(query)
    assert picture["labels"] == ["w", "lr"]
    assert picture["axes"][1] == pytest.approx([0.01, 100])
    data = TARGETS["two_points"]
    codes = grid_of(picture)
    rates = np.geomspace(0.01, 100, 21)
    for row, column in [(0, 0), (9, 13), (20, 5)]:
        neuron = models.MODELS["tanh_neuron"](np.linspace(-4, 4, 21)[column], 0.5)
        optimizer = torch.optim.Adam(neuron.parameters(), lr=float(rates[row]))
        losses = []
        for _ in range(31):
            optimizer.zero_grad()
            loss = models.LOSSES["mse"]()(neuron(data.x), data.y)
            loss.backward()
            losses.append(loss.item())
            optimizer.step()
        assert codes[row, column] == (0 if abs(losses[-2] - losses[-1]) <= 1e-8 else 1)


def test_many_steps_are_taken_from_fewer_points():
    assert page.points_of(lesson_state(n=513, steps=200)) == 513
    assert page.points_of(lesson_state(n=513, steps=5000)) == 141
    assert page.points_of(lesson_state(n=81, steps=5000)) == 81
    assert page.points_of(lesson_state(n=513, steps=5000, across="rates")) == 327


def test_a_map_is_made_in_slices_between_which_others_are_answered_and_nothing_is_done_unasked(monkeypatch):
    state, _ = parse("view=basins&target=mirror&n=161&steps=3000&lr=0.21", STUDIES)
    making, pauses = page.Making(state, STUDIES["neuron"]), []
    monkeypatch.setattr(page.WORKER, "pause", lambda: pauses.append(perf_counter()))
    for _ in range(3):
        making.advance(0.2)
    assert not making.done
    share = making.share + making.stage
    assert share > 0
    # The first slice traces and finds the minima; the others are a few steps.
    assert len(pauses) > 4
    assert np.median(np.diff(pauses)) < 10 * page.SLICE
    assert making.share + making.stage == share


@pytest.mark.parametrize("sent", [None, {}, {"query": 3}, {"query": "view=basins&n=17&steps=1", "seen": "many"}])
def test_whatever_is_sent_gets_an_answer(sent):
    assert {"share", "stage", "done", "map"} <= set(Callbacks(STUDIES).basins(sent))


def test_terms_have_basins_too():
    picture = picture_of("study=reaction&view=basins&n=21&steps=20&lr=0.01&show=loss")
    assert "final losses" in picture["says"]


def test_sentences_keep_small_shares():
    found = library(SMALL, "gd", 0.3)
    found["diverged"].values[0, 0] = True
    assert "under 1 % have diverged" in sentence(found, "minimum")
    assert "under 1 % have diverged" in sentence(found, "diverged")
    assert sentence(found, "loss").startswith("The final losses go from")
    assert "under 1 % of the starts diverge" in sentence(found, "loss")
    assert "settle, after" in sentence(found, "steps") or "No path" in sentence(found, "steps")
