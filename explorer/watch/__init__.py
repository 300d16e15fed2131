"""A training watched while it is recorded: frames in the same directions, and how far its steps might go."""

from explorer.watch.watching import Watch

__all__ = ["Watch"]
