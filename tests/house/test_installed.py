"""The distribution in a clean environment: the core alone, and then the page."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TORCH = next(line for line in (ROOT / "requirements.txt").read_text().splitlines() if line.startswith("torch=="))
FIRST = """
import torch
from torch import nn
import explorer

torch.manual_seed(0)
x = torch.linspace(-2, 2, 32)[:, None]
model = nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 1))
objective = explorer.Objective(model, nn.MSELoss(), (x, torch.sin(2 * x)))
plane = explorer.directions.gaussian(objective, seed=0)
landscape = explorer.sweep(objective, plane, explorer.Grid.square(points=11), store="first.zarr")
print(objective, plane, explorer.report(landscape), sep="\\n")
explorer.figures.contour(landscape).write_html("first.html")
"""
TRAIN = """
import torch
from torch import nn
import explorer

def objective():
    torch.manual_seed(0)
    x = torch.linspace(-2, 2, 32)[:, None]
    model = nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 1))
    return explorer.Objective(model, nn.MSELoss(), (x, torch.sin(2 * x)))
"""


def ran(folder: Path, *words: str, code: int = 0) -> str:
    done = subprocess.run(words, cwd=folder, text=True, capture_output=True, timeout=900)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.slow
def test_a_clean_environment_draws_a_landscape_and_then_has_the_page(tmp_path: Path) -> None:
    ran(tmp_path, sys.executable, "-m", "venv", "clean")
    python, command = str(tmp_path / "clean/bin/python"), str(tmp_path / "clean/bin/landscape-explorer")
    constraints = tmp_path / "constraints.txt"
    # The newest torch may be gigabytes, and another one than what is tested.
    constraints.write_text(TORCH)
    ran(tmp_path, python, "-m", "pip", "install", "--quiet", "-c", str(constraints), str(ROOT))
    (tmp_path / "first.py").write_text(FIRST)
    (tmp_path / "train.py").write_text(TRAIN)
    said = ran(tmp_path, python, "first.py")
    assert "Objective of Sequential: 25 parameters" in said
    assert "All 121 points have finite values." in said
    assert (tmp_path / "first.html").stat().st_size > 100_000
    said = ran(tmp_path, command, "sweep", "train:objective", "--points", "5", "--out", "x.zarr")
    assert "x.zarr is finished." in said
    ran(tmp_path, command, "export", "x.zarr", "x.csv")
    assert "pip install 'landscape-explorer[dashboard]'" in ran(tmp_path, command, "export", "x.zarr", "x.nc", code=1)
    assert "pip install 'landscape-explorer[dashboard]'" in ran(tmp_path, command, "serve", code=1)
    ran(tmp_path, python, "-m", "pip", "install", "--quiet", "-c", str(constraints), f"{ROOT}[dashboard]")
    ran(tmp_path, command, "export", "x.zarr", "x.nc")
    page = "from pathlib import Path; from explorer.dashboard import create_app; create_app({}, stores=Path('.'))"
    ran(tmp_path, python, "-c", page)
