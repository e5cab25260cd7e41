"""Theorem 3.4: statement and proof."""
