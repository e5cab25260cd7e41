"""What decides a step: provers, and the search for counterexamples."""
