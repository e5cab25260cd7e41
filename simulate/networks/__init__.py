"""ReLU networks, exact on their weights as given, and the files that hold them."""
