"""Unpack untrusted archives into a copy: no path leads out of it, no link is followed, and sizes are limited."""
