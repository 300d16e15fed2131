"""Folders that cannot promise to keep what is written: they work, and it is said."""

import errno
import os

import pytest
import torch
from torch import nn

import explorer
from explorer import Grid, Objective
from explorer.checkpoints import read_checkpoint, write_checkpoint
from explorer.errors import StoreError
from explorer.files import write_whole
from tests.support.planes import random_plane

X = torch.linspace(-1.0, 1.0, 6, dtype=torch.float64)[:, None]


def failing(code):
    def fsync(descriptor):
        raise OSError(code, os.strerror(code))

    return fsync


@pytest.mark.parametrize("code", [errno.EINVAL, errno.ENOTSUP, errno.ENOSYS])
def test_a_folder_without_fsync_takes_sweeps_and_checkpoints(tmp_path, monkeypatch, code):
    monkeypatch.setattr(os, "fsync", failing(code))
    model = nn.Linear(1, 1).double()
    objective = Objective(model, nn.MSELoss(), (X, X))
    with pytest.warns(RuntimeWarning, match="cannot promise to keep what was written"):
        found = explorer.sweep(
            objective, random_plane(objective), Grid.square(points=3), store=tmp_path / "x.zarr", progress=False
        )
    assert (explorer.open_landscape(tmp_path / "x.zarr").loss == found.loss).all()
    with pytest.warns(RuntimeWarning, match="power cut"):
        write_checkpoint(model, tmp_path / "m.safetensors")
    assert torch.equal(read_checkpoint(objective, tmp_path / "m.safetensors"), objective.theta)


def test_a_broken_disk_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", failing(errno.EIO))
    with pytest.raises(OSError, match="Input/output"):
        write_whole(tmp_path / "x", b"1")
    assert list(tmp_path.iterdir()) == []


def test_a_store_that_is_not_there_yet_says_so(tmp_path):
    with pytest.raises(StoreError, match="a sweep that has just begun makes its store once it has timed"):
        explorer.open_landscape(tmp_path / "x.zarr")
