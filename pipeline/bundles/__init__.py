"""Bundles: a compose file with everything that it needs, fetched within limits, as one zip file."""
