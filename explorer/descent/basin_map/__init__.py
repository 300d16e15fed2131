"""Descents from every point of a grid at once, and what became of each."""
