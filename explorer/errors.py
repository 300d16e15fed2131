"""Errors a caller may want to catch.

ExplorerError
  StateError      a page's address, typed value or pasted table that cannot be taken as it stands
  ObjectiveError  a model, loss or data that do not make a scalar function of theta
  StoreError      a store that is damaged, not ours, or of another sweep
  CheckpointError a file of weights that cannot be read, or that is of another model
  WorkerError     workers that are gone, or that cannot make the objective they are to evaluate
"""


class ExplorerError(Exception):
    """Every error that explorer raises on purpose; the message says what was expected, what came, what to do."""


class StateError(ExplorerError, ValueError):
    """Raised when text from an address, a form or a pasted table is not what the page understands."""


class ObjectiveError(ExplorerError, ValueError):
    """Raised when model, loss and data do not make one scalar per theta."""


class StoreError(ExplorerError, ValueError):
    """Raised when a store cannot be read, or holds another sweep than the one asked for."""


class CheckpointError(ExplorerError, ValueError):
    """Raised when a file of weights cannot be read, or does not fit the model."""


class WorkerError(ExplorerError, RuntimeError):
    """Raised when the workers of an executor are gone, or cannot make the objective they are to evaluate."""
