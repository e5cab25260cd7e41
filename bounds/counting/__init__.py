"""What is counted: growth functions, Hamming balls, packing numbers, sizes of constructions."""
