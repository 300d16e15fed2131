"""Where to look: functions that return a Plane, and the checkpoints that some of them start from."""

from explorer.directions.checkpoints import read_checkpoint, read_trajectory, write_checkpoint
from explorer.directions.components import principal
from explorer.directions.eigenvectors import hessian
from explorer.directions.entries import axes
from explorer.directions.interpolation import between, through
from explorer.directions.moving import along
from explorer.directions.random import gaussian
from explorer.directions.weights import file_sha256

__all__ = [
    "along",
    "axes",
    "between",
    "file_sha256",
    "gaussian",
    "hessian",
    "principal",
    "read_checkpoint",
    "read_trajectory",
    "through",
    "write_checkpoint",
]
