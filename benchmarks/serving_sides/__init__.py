"""The sides of serving.py: how each server is installed, started, queried and measured."""
