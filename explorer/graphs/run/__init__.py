"""Rewritten graphs, evaluated at many points."""
