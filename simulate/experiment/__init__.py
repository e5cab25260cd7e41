"""What an experiment is: claims, evidence, statistics, verdicts."""
