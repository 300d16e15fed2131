"""Descent: real optimizers walking on a landscape, from one start and from many at once."""

from explorer.descent.basin_maps import basins
from explorer.descent.descending import Descent, descend
from explorer.descent.diagnosis import Diagnosis, diagnose
from explorer.descent.influencing import Influence, influence
from explorer.descent.optimizers import OPTIMIZERS, Method
from explorer.descent.rate_limits import Limits, limits
from explorer.descent.recording import Recorder, record
from explorer.descent.recordings import open_trajectory
from explorer.descent.schedules import SCHEDULES

__all__ = [
    "OPTIMIZERS",
    "SCHEDULES",
    "Descent",
    "Diagnosis",
    "Influence",
    "Limits",
    "Method",
    "Recorder",
    "basins",
    "descend",
    "diagnose",
    "influence",
    "limits",
    "open_trajectory",
    "record",
]
