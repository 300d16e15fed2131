"""Where to look: functions that return a Plane."""

from explorer.directions.eigenvectors import hessian
from explorer.directions.entries import axes
from explorer.directions.gaussian_planes import gaussian
from explorer.directions.parallel_planes import along
from explorer.directions.principal_components import principal
from explorer.directions.through_thetas import between, through

__all__ = [
    "along",
    "axes",
    "between",
    "gaussian",
    "hessian",
    "principal",
    "through",
]
