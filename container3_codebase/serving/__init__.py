"""Predictions over HTTP: the networks of a folder behind one port."""
