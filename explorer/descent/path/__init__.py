"""One optimizer from one start: its path, as the user's own training loop would take it."""
