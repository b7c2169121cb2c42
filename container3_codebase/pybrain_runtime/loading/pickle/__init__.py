"""Pickles: a reader that executes nothing."""
