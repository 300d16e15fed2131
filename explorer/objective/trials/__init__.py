"""Trials: what is tried on a new objective, and the sentences that refuse it."""
