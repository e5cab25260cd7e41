"""The structural certificate from the inside; `simulate.structural` is its door."""
