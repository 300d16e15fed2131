"""README.md: short, without gaps, and true where a machine can tell."""

import re
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import explorer
from tests.support import papers

README = papers.text_of("README.md")
EXAMPLES = papers.examples(README)
LONGEST = 150


def test_it_is_short() -> None:
    assert len(README.splitlines()) <= LONGEST


def test_its_first_screen_says_what_it_is_how_to_run_it_and_how_to_use_it() -> None:
    screen = "\n".join(README.splitlines()[:32])
    assert screen.index("](experiments/page.png)") < screen.index("make run") < screen.index("```python")
    assert len([line for line in EXAMPLES[0].splitlines() if line and not line.startswith("# ")]) <= 10


def test_the_example_prints_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    papers.run(EXAMPLES[0], {})
    assert (tmp_path / "landscape.html").stat().st_size > 1e6


def test_the_example_with_a_model_of_ones_own_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
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
    assert len(EXAMPLES) == 2
    exec(EXAMPLES[1], given)
    found = explorer.open_landscape(tmp_path / "runs" / "mine.zarr")
    assert set(found.data_vars) == {"loss", "accuracy", "test_loss", "test_accuracy", "status"}
    assert (found["status"] == 1).all()
    assert "All 2,601 points have finite values." in capsys.readouterr().out


def test_every_folder_exists() -> None:
    folders = re.findall(r"^ {4}(\w+)/ ", README, re.MULTILINE)
    assert len(folders) == 5
    for folder in folders:
        assert (papers.ROOT / folder).is_dir(), folder


def test_the_picture_is_there() -> None:
    (path,) = re.findall(r"!\[.*?\]\((.*?)\)", README)
    assert (papers.ROOT / path).stat().st_size > 10_000
