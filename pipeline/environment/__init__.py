"""Makes the project's own environment, and starts commands inside it."""
