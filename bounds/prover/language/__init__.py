"""What a derivation says: its grammar, its domains and the conditions under which it has values."""
