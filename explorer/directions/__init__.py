"""Where to look: each function returns a Plane."""

from explorer.directions.entries import axes

__all__ = ["axes"]
