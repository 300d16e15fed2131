"""Which way of evaluating is fastest here: tried on the objective itself, before a sweep."""
