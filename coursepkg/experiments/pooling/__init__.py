"""Measurements of the pooling chapter."""
