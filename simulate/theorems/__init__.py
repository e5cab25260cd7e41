"""A probe for every theorem: what it predicts, and an experiment that could refute it."""
