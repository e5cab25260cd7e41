"""Theorem 5.5: statement and proof."""
