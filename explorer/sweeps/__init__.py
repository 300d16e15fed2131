"""How a landscape is computed."""

from explorer.sweeps.engine import estimate, sweep
from explorer.sweeps.memory import keep_heap
from explorer.sweeps.plans import Plan
from explorer.sweeps.store import open_landscape

__all__ = ["Plan", "estimate", "keep_heap", "open_landscape", "sweep"]
