"""Theorem 2.3: statement and proof."""
