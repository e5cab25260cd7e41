"""Theorem 2.2: statement and proof."""
