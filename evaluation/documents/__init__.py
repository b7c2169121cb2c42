"""Documents of a submission: where they are, their text, and whether it answers a question."""
