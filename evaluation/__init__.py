"""Evaluates a submission in separate containers, without trusting it; see docs/evaluation.md."""
