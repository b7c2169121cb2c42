"""Runs foreign programs and parsers within limits on time, memory, disk and network."""
