"""Run child processes within limits on time, memory and output, and exchange messages with workers."""
