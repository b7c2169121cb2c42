"""Inference on a GPU: the feed-forward networks of the engine, computed by an array library of NumPy's interface."""
