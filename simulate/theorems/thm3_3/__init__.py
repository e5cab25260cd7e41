"""Theorem 3.3: construction and experiment."""
