"""The complete certifier from the inside; `simulate.certify.complete` is its door."""
