"""Growth functions of tiny architectures."""
