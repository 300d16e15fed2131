"""Arithmetic without a subject: inner products, rounding, free memory."""
