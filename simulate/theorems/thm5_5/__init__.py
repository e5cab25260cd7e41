"""Theorem 5.5: construction and experiment."""
