"""Evaluates a submission of this kind in containers of its own, without trusting it; see docs/evaluation.md."""
