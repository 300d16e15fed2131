"""Refusals: why a function cannot be a graph."""


class UntraceableError(RuntimeError):
    """A function that is not the same list of operations at every point."""
