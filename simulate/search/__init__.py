"""What the size search is made of; `simulate.search.smallest` is its door."""
