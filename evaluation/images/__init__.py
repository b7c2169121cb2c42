"""Reads the Dockerfiles of a submission, rewrites them, and builds images from them."""
