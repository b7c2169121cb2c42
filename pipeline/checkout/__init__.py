"""Locate a checkout, and create a new one from the files of the wheel. Uses only the standard library."""
