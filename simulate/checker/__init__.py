"""The checker: establishes what a search claims, from a certificate, without trusting the search.

Everything here is numpy and the standard library, and imports nothing that searches.
"""
