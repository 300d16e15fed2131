"""The generated training program is complete, and walks the page's path."""

import re
import subprocess
import sys

import pytest
import torch

from experiments.neuron import NEURON
from experiments.reaction import REACTION
from experiments.targets import TARGETS
from experiments.training_program import training_program
from explorer import Objective
from explorer.descent import OPTIMIZERS, SCHEDULES, Descent, descend
from explorer.study import Training
from models import LOSSES, MODELS
from tests.support.page.programs import path_in, printed

START = (-1.5, 1.5)
DELTA = 0.3
RATES = {"gd": 0.5, "momentum": 0.1, "nesterov": 0.1, "rmsprop": 0.05, "adagrad": 0.5, "adam": 0.1, "adamw": 0.1}


def walked(target: str, loss: str, training: Training) -> Descent:
    data = TARGETS[target]
    module = LOSSES[loss](**({"delta": DELTA} if loss == "huber" else {}))
    return descend(
        Objective(MODELS["tanh_neuron"](), module, (data.x, data.y)),
        torch.tensor(START, dtype=torch.float64),
        training.optimizer,
        training.lr,
        training.steps,
        scheduler=SCHEDULES[training.schedule](training.steps),
        batch_size=training.batch or None,
        seed=training.seed,
    )


def assert_same(target: str, loss: str, training: Training) -> None:
    """Bit for bit: the program does the same operations on the same numbers, and repr keeps all digits."""
    found = path_in(printed(training_program(TARGETS[target], loss, {"delta": DELTA}, START, training)))
    path = walked(target, loss, training)
    assert len(path) == training.steps + 1
    assert torch.equal(found, torch.cat([path.steps[:, None], path.losses[:, None], path.thetas], dim=1))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_walks_the_pages_path(name):
    assert_same("noisy", "mse", Training(name, RATES.get(name, 1.0), 40))


@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_makes_the_pages_path(loss):
    assert_same("outliers", loss, Training("momentum", 0.1, 40))


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_every_schedule_makes_the_pages_path(schedule):
    assert_same("two_points", "mse", Training("adam", 0.2, 40, schedule))


@pytest.mark.parametrize("name", ["gd", "adam", "lbfgs"])
@pytest.mark.parametrize(("batch", "seed"), [(1, 0), (4, 7), (15, 3), (100, 3)])
def test_minibatches_make_the_pages_path(name, batch, seed):
    assert_same("noisy", "log_cosh", Training(name, 0.1, 23, "cosine", batch, seed))


def test_another_class_of_torch_walks_the_pages_path():
    assert_same("two_points", "mse", Training(torch.optim.NAdam, 0.1, 40))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_terms_are_trained_too(name):
    training = Training(name, RATES.get(name, 1.0), 20, "warmup")
    found = path_in(printed(REACTION.terms_training_program({"ic": 3.0}, (1.0, 0.5), training)))
    objective = Objective(REACTION.model(), terms=REACTION.terms, weights={"ic": 3.0})
    schedule = SCHEDULES["warmup"](20)
    path = descend(objective, torch.tensor([1.0, 0.5], dtype=torch.float64), name, training.lr, 20, scheduler=schedule)
    # The program multiplies the other term by 1.0, which changes no bit either.
    assert torch.equal(found, torch.cat([path.steps[:, None], path.losses[:, None], path.thetas], dim=1))


def test_terms_have_no_minibatches():
    with pytest.raises(ValueError, match="expected batch = 0, since terms hold their own points; got 4"):
        REACTION.terms_training_program({}, (1.0, 0.5), Training(batch=4))


def test_another_seed_is_another_path():
    programs = [training_program(TARGETS["noisy"], "mse", {}, START, Training(batch=4, seed=seed)) for seed in (0, 1)]
    first, other = map(path_in, map(printed, programs))
    assert not torch.equal(first[1:], other[1:])


def test_it_runs_as_a_file(tmp_path):
    path, training = tmp_path / "train.py", Training("adamw", 0.1, 5, "warmup", 2, 4)
    path.write_text(training_program(TARGETS["mirror"], "log_cosh", {}, START, training), encoding="utf-8")
    done = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert torch.equal(path_in(done.stdout)[:, 2:], walked("mirror", "log_cosh", training).thetas)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("training", [Training(), Training("lbfgs", 1.0, 10, "step", 3, 1)], ids=["plain", "all"])
def test_it_needs_nothing_but_torch_and_is_easy_on_the_eye(loss, training):
    source = training_program(TARGETS["noisy"], loss, {"delta": DELTA}, START, training)
    assert set(re.findall(r"^import (\w+)", source, re.MULTILINE)) <= {"torch", "math"}
    assert max(map(len, source.splitlines())) <= 120
    assert "\n\n\n\n" not in source
    assert ("scheduler" in source) == (training.schedule != "none")
    assert ("randperm" in source) == (training.batch > 0)


def test_the_study_offers_it():
    assert NEURON.training_program is training_program


class Homemade(torch.optim.SGD):
    """An optimizer that no program can import from torch."""


@pytest.mark.parametrize(
    ("loss", "delta", "theta", "training", "words"),
    [
        ("cosine", 0.25, START, Training(), "expected one of mse, mae, huber, log_cosh"),
        ("mse", 0.25, (0.0,), Training(), "two finite numbers"),
        ("mse", 0.25, (0.0, float("inf")), Training(), "two finite numbers"),
        ("huber", 0.0, START, Training(), "delta must be a positive"),
        ("mse", 0.25, START, Training("sgd"), "expected one of gd, momentum"),
        ("mse", 0.25, START, Training(Homemade), "an optimizer of torch.optim for a program; got Homemade"),
        ("mse", 0.25, START, Training(schedule="linear"), "a schedule among none, step, .*; got 'linear'"),
    ],
)
def test_what_cannot_be_written_down_is_refused(loss, delta, theta, training, words):
    with pytest.raises(ValueError, match=words):
        training_program(TARGETS["two_points"], loss, {"delta": delta}, theta, training)
