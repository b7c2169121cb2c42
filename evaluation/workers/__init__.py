"""The tasks that worker processes carry out, and their entry point."""
