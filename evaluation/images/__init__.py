"""Rewrite the Dockerfiles of a submission, and build images from them within limits."""
