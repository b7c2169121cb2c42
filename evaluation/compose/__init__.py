"""Reads the compose file of a submission and rewrites it into one that is safe to run."""
