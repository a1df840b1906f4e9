"""Measurements of the dropout chapter."""
