"""The complete certifier from the inside; `simulate.certify` is its door."""
