"""Proposition 3.2: statement and proof."""
