"""Saved thetas: single checkpoints, and recordings of a whole training."""

from explorer.checkpoints.checkpoint import read_checkpoint, read_trajectory, write_checkpoint
from explorer.checkpoints.open_recording import open_trajectory
from explorer.checkpoints.recorder import Recorder, record
from explorer.checkpoints.trajectory import Trajectory
from explorer.checkpoints.weights import file_sha256

__all__ = [
    "Recorder",
    "Trajectory",
    "file_sha256",
    "open_trajectory",
    "read_checkpoint",
    "read_trajectory",
    "record",
    "write_checkpoint",
]
