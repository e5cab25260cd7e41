"""Classifiers that are no ReLU networks, with their parameters counted: for Theorem 4.5."""
