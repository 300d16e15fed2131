"""Modules of every kind that people bring, for tests."""
