"""How a landscape is computed."""

from explorer.sweeps.engine import estimate, sweep
from explorer.sweeps.planning.plan import Plan

__all__ = ["Plan", "estimate", "sweep"]
