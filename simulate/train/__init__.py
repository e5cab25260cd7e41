"""Plans, batches, attacks and engines; `simulate.train.adversarial` is their door."""
