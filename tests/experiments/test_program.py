"""The generated program is complete, and prints the numbers of the page."""

import re
import subprocess
import sys

import pytest
import torch

import models
from experiments.neuron import NEURON
from experiments.program import program
from experiments.targets import TARGETS
from explorer.study import TargetSet
from tests.support.page.programs import printed


def numbers(source: str) -> list[float]:
    text = printed(source)
    lines = re.fullmatch(r"L = (.+)\ndL/dw = (.+)\ndL/db = (.+)\n", text)
    assert lines, text
    return [float(number) for number in lines.groups()]


def computed(target: TargetSet, loss_name: str, delta: float, theta: tuple[float, float]) -> list[float]:
    model = models.MODELS["tanh_neuron"](*theta)
    loss = models.LOSSES[loss_name](**({"delta": delta} if loss_name == "huber" else {}))
    value = loss(model(target.x), target.y)
    value.backward()
    return [value.item(), model.w.grad.item(), model.b.grad.item()]


def own_points() -> TargetSet:
    generator = torch.Generator().manual_seed(3)
    x, y = (4 * torch.rand(40, generator=generator, dtype=torch.float64) - 2 for _ in range(2))
    return TargetSet("own", "", "", x, y, {})


@pytest.mark.parametrize("theta", [(0.3, -0.7), (-4.0, 4.0), (1 / 3, 0.1)])
@pytest.mark.parametrize("loss_name", models.LOSSES)
@pytest.mark.parametrize("name", ["two_points", "wild_outlier", "one_point", "noisy", "own"])
def test_the_program_prints_the_pages_numbers(name, loss_name, theta):
    target = own_points() if name == "own" else TARGETS[name]
    found = numbers(program(target, loss_name, {"delta": 0.3} if loss_name == "huber" else {}, theta))
    # The same operations on the same bits, up to how a square is written: rounding of order 1e-16.
    assert found == pytest.approx(computed(target, loss_name, 0.3, theta), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("loss_name", models.LOSSES)
def test_the_program_needs_nothing_but_torch(loss_name, tmp_path):
    source = program(TARGETS["two_points"], loss_name, {"delta": 0.25}, (0.5, 0.5))
    assert set(re.findall(r"^import (\w+)", source, re.MULTILINE)) <= {"torch", "math"}
    assert "from " not in source.replace('"""', "")
    assert max(map(len, source.splitlines())) <= 120


def test_the_program_runs_as_a_file(tmp_path):
    path = tmp_path / "neuron.py"
    source = program(TARGETS["mirror"], "log_cosh", {}, (1.0, -1.0))
    path.write_text(source, encoding="utf-8")
    done = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout == printed(source)


def test_the_study_offers_it():
    assert NEURON.program is program


@pytest.mark.parametrize(
    ("loss_name", "delta", "theta", "words"),
    [
        ("cosine", 0.25, (0.0, 0.0), "expected one of mse, mae, huber, log_cosh"),
        ("mse", 0.25, (0.0,), "two finite numbers"),
        ("mse", 0.25, (0.0, float("nan")), "two finite numbers"),
        ("huber", 0.0, (0.0, 0.0), "delta must be a positive"),
    ],
)
def test_what_cannot_be_written_down_is_refused(loss_name, delta, theta, words):
    with pytest.raises(ValueError, match=words):
        program(TARGETS["two_points"], loss_name, {"delta": delta}, theta)
