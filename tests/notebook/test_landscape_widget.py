"""The widget's side in the kernel: traits, numbers, and what is refused."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import explorer
from explorer import Grid, Objective
from explorer.errors import ExplorerError
from explorer.notebook import drawing, landscape_widget

X = torch.linspace(-1.0, 1.0, 6).double()[:, None]


def objective():
    torch.manual_seed(0)
    return Objective(nn.Sequential(nn.Linear(1, 3), nn.Tanh(), nn.Linear(3, 1)).double(), nn.MSELoss(), (X, X))


def test_of_an_objective_the_numbers_are_autograds():
    given = objective()
    plane = explorer.directions.gaussian(given, seed=0)
    shown = explorer.widget(given, plane)
    seen = []
    shown.observe(lambda change: seen.append(change["new"]["at"]), "numbers")
    shown.point = [0.25, -0.75]
    assert seen == [[0.25, -0.75]]
    theta = plane.at([0.25, -0.75]).requires_grad_()
    loss = given(theta)
    (gradient,) = torch.autograd.grad(loss, theta)
    assert shown.numbers["source"] == "autograd"
    assert shown.numbers["values"] == {"loss": pytest.approx(loss.item(), rel=1e-12)}
    assert shown.numbers["norm"] == pytest.approx(gradient.norm().item(), rel=1e-12)
    assert shown.landscape.loss.shape == (41, 41)


def test_of_a_landscape_they_are_those_of_the_nearest_point():
    given = objective()
    plane = explorer.directions.gaussian(given, seed=0)
    grid = Grid.square(radius=1.0, points=5)
    landscape = explorer.sweep(given, plane, grid, quantities=("loss", "gradient"), progress=False)
    shown = explorer.widget(landscape)
    shown.point = [0.4, -0.9]
    assert "source" not in shown.numbers
    assert shown.numbers["values"]["loss"] == landscape.loss.sel(alpha=0.5, beta=-1.0).item()
    # c @ basis with G c = the slopes, G the inner products of the directions.
    gram = (plane.basis @ plane.basis.T).numpy()
    expected = np.linalg.solve(gram, landscape.gradient.sel(alpha=0.5, beta=-1.0).values)
    np.testing.assert_allclose(shown.numbers["coordinates"], expected, rtol=1e-9)


def test_a_line_between_three_checkpoints_is_shown_whole():
    given = objective()
    thetas = [
        given.theta + torch.randn(len(given.theta), generator=torch.Generator().manual_seed(i)).double()
        for i in range(3)
    ]
    plane = explorer.directions.through(*thetas)
    shown = explorer.widget(given, plane)
    assert shown.scene["x"][0] < 0 < 1 < shown.scene["x"][-1]


def test_what_cannot_be_is_refused():
    given = objective()
    plane = explorer.directions.gaussian(given, seed=0)
    landscape = explorer.sweep(given, plane, Grid.square(points=3), progress=False)
    with pytest.raises(ValueError, match="widget\\(objective, plane\\)"):
        explorer.widget(given)
    with pytest.raises(ValueError, match="a landscape has its own"):
        explorer.widget(landscape, plane)
    with pytest.raises(ValueError, match="among"):
        explorer.widget(landscape, quantity="accuracy")
    line = explorer.sweep(
        given, explorer.directions.gaussian(given, count=1), Grid({"alpha": (-1, 1, 3)}), progress=False
    )
    with pytest.raises(ValueError, match="two axes"):
        explorer.widget(line)


def test_without_anywidget_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    landscape_widget._widget_class.cache_clear()
    given = objective()
    landscape = explorer.sweep(given, explorer.directions.gaussian(given), Grid.square(points=3), progress=False)
    with pytest.raises(ExplorerError, match=r"pip install 'landscape-explorer\[notebook\]'"):
        explorer.widget(landscape)
    landscape_widget._widget_class.cache_clear()


def test_the_script_is_the_pages_own():
    assert "class PlaneMap" in drawing.module_text()
    assert "export default" in drawing.module_text()
    assert ":root" not in drawing.style_text()


def test_no_line_is_longer_than_a_screen_is_wide():
    own = [*Path(drawing.__file__).parent.glob("*.js"), *Path(drawing.__file__).parent.glob("*.css")]
    assert len(own) == 2
    assert [line for path in own for line in path.read_text().splitlines() if len(line) > 140] == []
