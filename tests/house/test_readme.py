"""README.md: short, without gaps, and true where a machine can tell."""

import contextlib
import io
import re
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import explorer
import models
from tests.support.page.programs import printed

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_it_is_short_and_has_no_gaps() -> None:
    assert len(README.splitlines()) <= 175
    assert not re.search(r"@\w+@|TODO|FIXME", README)


def test_the_example_prints_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    example = EXAMPLES[0]
    said = re.findall(r"^# (.*)$", example, re.MULTILINE)
    (line,) = printed(example).splitlines()
    # Other processors round sums differently in the last digits.
    assert [float(number) for number in line.split()] == pytest.approx([float(n) for n in said[0].split()], rel=1e-12)
    assert (tmp_path / "landscape.html").stat().st_size > 1e6


def test_the_example_of_the_way_down_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    x = torch.linspace(-2, 2, 64, dtype=torch.float64)
    objective = explorer.Objective(
        models.MODELS["tanh_neuron"](), models.LOSSES["mse"](), (x, 0.8 * torch.tanh(1.5 * x - 0.5))
    )
    torch.manual_seed(0)
    network = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)

    def train(batch: torch.Tensor) -> float:
        optimizer.zero_grad()
        loss = network(batch).square().mean()
        loss.backward()
        optimizer.step()
        return loss.item()

    given = {
        "torch": torch,
        "explorer": explorer,
        "objective": objective,
        "plane": explorer.directions.axes(objective, "w", "b"),
        # Of the grid of the first example a part.
        "grid": explorer.Grid({"w": (-4, 4, 9), "b": (-4, 4, 9)}),
        "network": network,
        "loader": torch.randn(40, 5, 3).unbind(),
        "train": train,
    }
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(EXAMPLES[1], given)
    outcome, loss, steps = printed.getvalue().split()
    assert outcome in ("converged", "stopped")
    # The lowest loss of all, by the example above, is below 0.00748; the path comes that close.
    assert float(loss) < 0.0075
    assert 0 < int(steps) <= 300
    assert set(given["basins"].sizes.values()) >= {9}
    assert given["own"].basis.shape == (2, 4)
    assert (tmp_path / "basins.html").exists()


def test_the_example_with_a_model_of_ones_own_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    x = torch.randn(40, 4)
    y = x[:, :3].argmax(1)
    given = {
        "explorer": explorer,
        "model": nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3)),
        "loss": nn.CrossEntropyLoss(),
        "loader": DataLoader(TensorDataset(x[:30], y[:30]), batch_size=8, shuffle=True),
        "accuracy": lambda prediction, target: (prediction.argmax(-1) == target).float().mean(),
        "x_test": x[30:],
        "y_test": y[30:],
    }
    assert len(EXAMPLES) == 3
    exec(EXAMPLES[2], given)
    found = explorer.open_landscape(tmp_path / "runs" / "mine.zarr")
    assert set(found.data_vars) == {"loss", "accuracy", "test_loss", "test_accuracy", "status"}
    assert (found["status"] == 1).all()


def test_every_dependency_has_a_reason_and_every_folder_exists() -> None:
    table = README[README.index("## What it depends on") : README.index("## References")]
    wanted = re.findall(r"^([\w-]+)==", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    missing = [name for name in wanted if not re.search(rf"\b{name}\b", table)]
    assert missing == []
    for folder in re.findall(r"^ {4,6}(\w+)/ ", README, re.MULTILINE):
        assert (ROOT / folder).is_dir() or (ROOT / "explorer" / folder).is_dir(), folder


def test_the_picture_is_there() -> None:
    (path,) = re.findall(r"!\[.*?\]\((.*?)\)", README)
    assert (ROOT / path).stat().st_size > 10_000
