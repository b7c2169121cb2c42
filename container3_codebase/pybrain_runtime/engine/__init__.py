"""Compiles a network into array operations and runs them."""
