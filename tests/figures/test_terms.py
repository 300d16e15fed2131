"""A term of the loss, or one of several seeds, is chosen by its name in every figure."""

import numpy as np
import pytest
import torch
from torch import nn

import explorer
from explorer import Grid, Objective, figures

X = torch.linspace(-1.0, 1.0, 6, dtype=torch.float64)[:, None]


def objective():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(1, 3), nn.Tanh(), nn.Linear(3, 1)).double()
    terms = {"fit": lambda m: (m(X) - X).square().mean(), "pde": lambda m: m[0].weight.square().mean()}
    return Objective(model, terms=terms, weights={"pde": 0.5})


def swept(count=2, **options):
    given = objective()
    seeds = (0, 1) if count == 1 else (0,)
    planes = [explorer.directions.gaussian(given, count=count, seed=seed) for seed in seeds]
    labels = ("alpha", "beta")[:count]
    grid = Grid.square(radius=0.5, points=5) if count == 2 else Grid({labels[0]: (-0.5, 0.5, 5)})
    return explorer.sweep(given, planes if count == 1 else planes[0], grid, progress=False, report=False, **options)


@pytest.mark.parametrize("figure", [figures.heatmap, figures.contour, figures.surface])
def test_a_term_by_its_name(figure):
    landscape = swept(quantities=("loss", "terms"))
    found, same = figure(landscape, term="pde"), figure(landscape, "pde")
    assert found.to_json() == same.to_json()
    assert found.to_json() != figure(landscape).to_json()
    with pytest.raises(ValueError, match=r"among \['fit', 'pde'\]; got 'bc'"):
        figure(landscape, term="bc")
    with pytest.raises(ValueError, match="beside quantity='status'"):
        figure(landscape, "status", term="pde")


def test_terms_that_were_not_measured_are_told_how_to():
    with pytest.raises(ValueError, match="to measure them"):
        figures.contour(swept(), term="pde")


def test_side_by_side():
    landscape = swept(quantities=("loss", "terms"))
    assert (
        figures.compare(landscape, landscape, term="fit").to_json()
        == figures.compare(landscape, landscape, quantity="fit").to_json()
    )


def test_a_line_of_one_seed_and_term():
    landscape = swept(count=1, quantities=("loss", "terms"))
    one = figures.line(landscape, term="pde", seed=1)
    np.testing.assert_array_equal(one.data[0].y, landscape.terms.sel(term="pde", seed=1))
    assert len(figures.line(landscape).data) == 3
