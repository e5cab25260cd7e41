"""Rigorous numbers: balls, interval extensions, and finite sums."""
