"""Readers for well-known data sets."""
