"""Find and remove what runs leave behind in a checkout and in the container engine. Uses only the standard library."""
