"""The upper bounds of the catalogue as real networks, one builder a theorem."""
