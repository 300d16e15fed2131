"""How a landscape is computed."""

from explorer.sweeps.engine import sweep
from explorer.sweeps.memory import keep_heap

__all__ = ["keep_heap", "sweep"]
