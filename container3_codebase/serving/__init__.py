"""The prediction server: serves the networks of a folder over HTTP."""
