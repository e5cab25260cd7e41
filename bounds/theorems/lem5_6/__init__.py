"""Lemma 5.6: statement and proof."""
