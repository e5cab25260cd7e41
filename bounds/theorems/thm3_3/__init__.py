"""Theorem 3.3: statement and proof."""
