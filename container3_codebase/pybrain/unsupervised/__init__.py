"""Unsupervised learning: from samples without target outputs."""
