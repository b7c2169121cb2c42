"""Create the project's virtual environment, and start commands inside it."""
