"""Train networks: from a table of rows to knowledge with its card, metrics, history, plots and report.

This module imports only the standard library, because `training.options` is read before `.venv` exists.
"""
