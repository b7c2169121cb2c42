"""Read Dockerfiles as data: instructions, stages, variables."""
