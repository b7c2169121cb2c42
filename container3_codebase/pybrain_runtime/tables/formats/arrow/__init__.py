"""Arrow IPC: reading and writing."""
