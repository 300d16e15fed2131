"""Descent: real optimizers walking on a landscape, from one start and from many at once."""

from explorer.descent.basin_map.engine import basins
from explorer.descent.data_influence import Influence, influence
from explorer.descent.diagnosis.diagnosis import Diagnosis, diagnose
from explorer.descent.diagnosis.rate_limits import Limits, limits
from explorer.descent.optimizers import OPTIMIZERS, Method
from explorer.descent.path.descent import Descent, descend
from explorer.descent.path.schedules import SCHEDULES

__all__ = [
    "OPTIMIZERS",
    "SCHEDULES",
    "Descent",
    "Diagnosis",
    "Influence",
    "Limits",
    "Method",
    "basins",
    "descend",
    "diagnose",
    "influence",
    "limits",
]
