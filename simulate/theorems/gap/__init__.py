"""The gap between robust training and robust generalization."""
