"""Errors a caller may want to catch.

ExplorerError
  StateError      a page's address, typed value or pasted table that cannot be taken as it stands
  ObjectiveError  a model, loss or data that do not make a scalar function of theta
"""


class ExplorerError(Exception):
    """Every error that explorer raises on purpose; the message says what was expected, what came, what to do."""


class StateError(ExplorerError, ValueError):
    """Raised when text from an address, a form or a pasted table is not what the page understands."""


class ObjectiveError(ExplorerError, ValueError):
    """Raised when model, loss and data do not make one scalar per theta."""
