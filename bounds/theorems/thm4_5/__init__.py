"""Theorem 4.5: statement and proof."""
