"""What the size search is made of; `simulate.search` is its door."""
