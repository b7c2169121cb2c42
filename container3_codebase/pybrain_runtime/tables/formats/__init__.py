"""Row formats: a reader and a writer for each, and the registry of them."""
