"""Trains networks: from a table of rows to knowledge with its card, metrics, history, plots and report.

Only the standard library is imported with this module; `training.options` is read before `.venv` exists.
"""
