"""Plans, batches, attacks and engines; `simulate.train` is their door."""
