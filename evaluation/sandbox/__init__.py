"""Run the containers and the stack of a submission within limits on time, memory, disk and network."""
