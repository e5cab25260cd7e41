"""The theorems, one a file: statement, hypotheses, kind, quantity, forms, source, what is loose."""
