"""Evaluate a folder of submissions, and write the overview of a class."""
