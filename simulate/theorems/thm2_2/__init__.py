"""Theorem 2.2: construction and experiment."""
