"""A warning stands at the line of the caller's own that led to it, however deep it arose."""

import warnings

import pytest
import torch
from torch import nn

import explorer
from explorer import Grid, Objective, directions
from explorer.checkpoints import read_checkpoint


def raising(model):
    if float(model.weight.detach()[0, 0]) > 0.5:
        raise ValueError("too large")
    return model.weight.square().sum()


def swept(folder):
    model = nn.Linear(1, 2, bias=False).double()
    nn.init.zeros_(model.weight)
    objective = Objective(model, terms={"raising": raising})
    plane = directions.gaussian(objective, normalize=None)
    explorer.sweep(objective, plane, Grid.square(points=5), report=False, progress=False)


def trajectory(folder):
    model = nn.Linear(1, 1)
    with explorer.record(model, folder / "recording", every=1) as recorder:
        recorder.step()
        nn.init.constant_(model.weight, float("nan"))
        recorder.step()
    explorer.open_trajectory(folder / "recording")


def checkpoint(folder):
    model = nn.Sequential(nn.Linear(1, 1), nn.BatchNorm1d(1)).eval()
    objective = Objective(model, nn.MSELoss(), (torch.ones(2, 1), torch.ones(2, 1)))
    saved = {name: each for name, each in model.state_dict().items() if "running_var" not in name}
    read_checkpoint(objective, saved)


@pytest.mark.parametrize("led", [swept, trajectory, checkpoint])
def test_a_warning_stands_where_the_callers_line_is(led, tmp_path):
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        led(tmp_path)
    ours = [each for each in found if each.category is RuntimeWarning]
    assert [each.filename for each in ours] == [__file__]
    last = max(line for *_, line in led.__code__.co_lines() if line)
    assert last - 1 <= ours[0].lineno <= last
