"""Experiment tracking: runs are recorded in a file, and a separate program sends the record to an MLflow server."""
