"""The sides of serving.py: how each server is installed, started, asked and measured."""
