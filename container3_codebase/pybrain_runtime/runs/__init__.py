"""Runs inference over a file of any size, with checkpoints."""
