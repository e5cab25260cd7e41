"""Theorem 4.4: statement and proof."""
