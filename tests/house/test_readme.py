"""README.md: short, without gaps, and true where a machine can tell."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
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
    assert len(EXAMPLES) == 3
    exec(EXAMPLES[1], given)
    found = explorer.open_landscape(tmp_path / "runs" / "mine.zarr")
    assert set(found.data_vars) == {"loss", "accuracy", "test_loss", "test_accuracy", "status"}
    assert (found["status"] == 1).all()
    assert "All 2,601 points have finite values." in capsys.readouterr().out


class Tokens(nn.Module):
    """As a model of transformers: it returns its loss where it is given labels."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.layers = nn.Sequential(nn.Embedding(9, 4), nn.Linear(4, 5))

    def forward(self, ids: torch.Tensor, labels: torch.Tensor | None = None) -> Any:
        logits = self.layers(ids)
        return logits if labels is None else {"loss": nn.functional.cross_entropy(logits, labels)}


def test_the_three_doors_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ids, labels = torch.arange(12) % 9, torch.arange(12) % 5
    models = [Tokens(seed) for seed in range(3)]
    torch.save({"epoch": 3, "state_dict": models[1].state_dict()}, "sgd.pth.tar")
    folder = tmp_path / "runs" / "checkpoint-500"
    folder.mkdir(parents=True)
    save_file(models[2].state_dict(), folder / "model.safetensors")
    loader = [{"ids": ids[:7], "labels": labels[:7]}, {"ids": ids[7:], "labels": labels[7:]}]
    given: dict[str, Any] = {"explorer": explorer, "model": models[0], "loss": nn.CrossEntropyLoss(), "loader": loader}
    exec(EXAMPLES[2], given)
    expected = nn.functional.cross_entropy(models[0].layers(ids), labels)
    assert given["objective"](given["objective"].theta).item() == pytest.approx(expected.item(), rel=1e-6)
    end = torch.cat([each.detach().flatten() for each in models[2].parameters()])
    torch.testing.assert_close(given["line"].at([1.0]), end)


def test_every_folder_exists() -> None:
    folders = re.findall(r"^ {4}(\w+)/ ", README, re.MULTILINE)
    assert len(folders) == 5
    for folder in folders:
        assert (papers.ROOT / folder).is_dir(), folder


def test_the_picture_is_there() -> None:
    (path,) = re.findall(r"!\[.*?\]\((.*?)\)", README)
    assert (papers.ROOT / path).stat().st_size > 10_000
