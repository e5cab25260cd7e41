"""Theorem 4.3: construction and experiment."""
