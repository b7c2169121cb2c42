"""Read the compose file of a submission, and turn it into one that is safe to run."""
