"""Compile networks into array operations, and run them."""
