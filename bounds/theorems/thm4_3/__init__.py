"""Theorem 4.3: statement and proof."""
