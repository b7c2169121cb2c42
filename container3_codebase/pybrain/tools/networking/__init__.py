"""Sends numbers from one process to another."""
