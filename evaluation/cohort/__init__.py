"""Evaluates a folder of submissions, and writes the overview of a class."""
