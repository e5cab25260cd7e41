"""Theorem 5.8: statement and proof."""
