"""Find and remove what runs leave behind in a checkout and in the container engine. Standard library alone."""
