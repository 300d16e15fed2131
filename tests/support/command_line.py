"""The command line, called in this process."""

from pathlib import Path

import torch
from click.testing import CliRunner, Result

from explorer.checkpoints import write_checkpoint
from explorer.cli import main
from tests.support.killed.train import Bowl

FACTORY = "tests.support.killed.train:objective"


def run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def swept(path: Path, *words: object) -> Result:
    """Sweep 5 x 5 points, or what the words say, into a store."""
    found = run("sweep", FACTORY, "--points", 5, *words, "--out", path)
    assert found.exit_code == 0, found.output
    return found


def checkpoint(path: Path, *theta: float) -> Path:
    """A file with the bowl's weights there."""
    model = Bowl()
    model.theta.data = torch.tensor(theta, dtype=torch.float64)
    write_checkpoint(model, path)
    return path
