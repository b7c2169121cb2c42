"""Inference on a GPU: feed-forward networks, computed by an array library with NumPy's interface."""
