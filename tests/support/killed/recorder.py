"""A program that records trainings to be killed: forks one, reads how far it has come, kills it, and so on.

Run by its path, with a folder and the number of kills; prints for each recording its folder and the last step that was
said to be done. A training's parameters are its step's number, so that what is on disk can be told right from wrong.
"""

import os
import random
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

import torch
from torch import nn

import explorer

WIDTH = 150


def model_at(step: int) -> nn.Linear:
    """A model of 22,650 parameters, all `step`."""
    model = nn.Linear(WIDTH, WIDTH)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(step)
    return model


def train(folder: Path, said: int) -> None:
    """Train for ever, and write a line for every step that is done."""
    model = model_at(0)
    with explorer.record(model, folder, every=1) as recorder:
        while True:
            with torch.no_grad():
                for parameter in model.parameters():
                    parameter.add_(1)
            recorder.step(recorder.steps / 2)
            os.write(said, f"{recorder.steps}\n".encode())


def killed(folder: Path, after: float, *, begun: bool) -> int:
    """Return the last step that a training had said to be done when it was killed, 0 if none.

    Args:
        after: seconds from its start to the kill; where it is to have `begun`, from its first step.
    """
    heard, said = os.pipe()
    child = os.fork()
    if child == 0:
        train(folder, said)
    os.close(said)
    with os.fdopen(heard) as lines:
        first = [lines.readline()] if begun else []
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        steps = [int(line) for line in [*first, *lines] if line.endswith("\n")]
    return steps[-1] if steps else 0


if __name__ == "__main__":
    torch.set_num_threads(1)
    moments = random.Random(0)
    for number in range(int(sys.argv[2])):
        place = Path(sys.argv[1]) / str(number)
        print(place, killed(place, moments.uniform(0.0, 0.05), begun=number % 4 > 0), flush=True)
