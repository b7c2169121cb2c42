"""Unpack untrusted archives into a copy: no path leads out of it, links are not followed, and sizes are limited."""
