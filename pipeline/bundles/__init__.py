"""Bundles: zip files with a compose file and everything that it needs, fetched within limits."""
