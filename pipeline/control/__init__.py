"""The HTTP API that generates compose files and bundles."""
