"""The derivations that several theorems rest on."""
