"""An objective as a list of operations."""
