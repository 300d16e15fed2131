"""How the points of a chunk are evaluated."""
