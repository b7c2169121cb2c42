"""Readers of well-known data sets."""
