"""Saved thetas: single checkpoints, and recordings of a whole training."""

from explorer.checkpoints.checkpoint import Checkpoint, own_checkpoint, read_checkpoint
from explorer.checkpoints.folders import read_trajectory
from explorer.checkpoints.open_recording import open_trajectory
from explorer.checkpoints.recorder import Recorder, record
from explorer.checkpoints.snapshot import write_checkpoint
from explorer.checkpoints.trajectory import Trajectory
from explorer.checkpoints.weights import file_sha256

__all__ = [
    "Checkpoint",
    "Recorder",
    "Trajectory",
    "file_sha256",
    "open_trajectory",
    "own_checkpoint",
    "read_checkpoint",
    "read_trajectory",
    "record",
    "write_checkpoint",
]
