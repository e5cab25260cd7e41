"""Settings shared by the tests."""

from hypothesis import settings

# A shared machine's clock says nothing about a property, and a failure must repeat.
settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.load_profile("repeatable")
