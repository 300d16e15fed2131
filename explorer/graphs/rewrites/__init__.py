"""Exact changes of a traced objective that make it cheap: one a file."""
