"""JSON lines: reading and writing."""
