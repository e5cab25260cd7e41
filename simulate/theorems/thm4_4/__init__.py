"""Theorem 4.4: construction and experiment."""
