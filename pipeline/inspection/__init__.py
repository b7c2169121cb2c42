"""What `inspect` has found, for people and for programs."""
