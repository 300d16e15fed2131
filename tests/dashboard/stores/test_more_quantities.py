"""/slice with a store whose quantities have dimensions that no map has: the gradients of terms, one's own."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import explorer
from explorer import Grid, Objective
from explorer.store import open_landscape
from tests.support.page.objectives_here import answers_without_trust
from tests.support.slice_cases import oblique, text_of


def halves(theta: Tensor) -> Tensor:
    return torch.stack([theta[:6].norm(), theta[6:].norm()])


halves.dims = {"half": ["first", "second"]}  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("stores")
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)).double()
    x = torch.randn(8, 2, dtype=torch.float64)
    terms = {"fit": lambda m: m(x).square().mean(), "size": lambda m: m[0].weight.square().sum()}
    objective = Objective(model, terms=terms)
    grid = Grid({"alpha": (-1, 1, 9), "beta": (-1, 1, 7)})
    quantities = ("loss", "terms", "gradient", "term_gradients", halves)
    explorer.sweep(objective, oblique(objective), grid, quantities=quantities, store=root / "x.zarr", progress=False)
    return root


def test_the_page_draws_what_has_one_number_a_point(root: Path) -> None:
    answers = answers_without_trust(root)
    sent = {"query": "?store=x.zarr"}
    drawn = answers.scene(sent)
    assert drawn["error"] == ""
    assert drawn["quantities"] == ["loss", "fit", "size", "status"]
    assert "term_gradients" in text_of(answers.listed(sent))
    assert answers.about(sent)
    assert answers.surface(sent)["data"]


def test_the_point_is_read_off_the_sweep(root: Path) -> None:
    found = answers_without_trust(root).point({"query": "?store=x.zarr&a=0.25&b=0"})
    assert (found["error"], found["source"]) == ("", "swept")
    here = open_landscape(root / "x.zarr").sel(alpha=0.25, beta=0.0)
    np.testing.assert_allclose(found["values"]["loss"], here["loss"], rtol=1e-12)
    np.testing.assert_allclose(found["gradient"], here["gradient"], rtol=1e-12)
