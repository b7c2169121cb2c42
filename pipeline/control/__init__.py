"""The HTTP API that generates compose files, and bundles with everything that they need."""
