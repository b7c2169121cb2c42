"""What runs leave in a checkout and in the container engine, and its removal. Standard library alone."""
