"""Proposition 3.2: construction and experiment."""
