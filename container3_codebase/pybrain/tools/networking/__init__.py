"""Numbers from one process to another."""
